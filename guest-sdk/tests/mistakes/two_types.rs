use switchback_guest::{Error, Message, Outcome, Score, Scorer};

struct MyModel;

impl Scorer for MyModel {
    fn prepare(_data: &[u8]) -> Result<Self, Error> {
        Ok(Self)
    }

    fn score(&mut self, _message: &Message) -> Result<Outcome, Error> {
        Ok(Score::log_odds().into())
    }
}

switchback_guest::export!(MyModel, MyModel);

fn main() {}
