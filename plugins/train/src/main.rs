//! Trains and measures the example models.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use switchback_train::{Corpora, RECIPES, dump_features, spam_assassin, train_release};

#[derive(Parser)]
#[command(about = "Trains and measures the example models", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trains the releases of `linear`, measures them, and writes weights and model cards.
    Linear,
    /// Writes the features of the corpus for the training of `onnx`.
    Features {
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let corpora = Corpora::locate().unwrap();
    let examples = spam_assassin(&corpora)?;
    match arguments.command {
        Command::Linear => {
            for recipe in RECIPES {
                let t = std::time::Instant::now();
                let m = train_release(recipe, &examples);
                println!("{} n={} {:?}\n   {:?} bias {} scale {} {:?}", recipe.version, m.trained_on, m.held_out, m.generated, m.weights.bias(), m.weights.scale(), t.elapsed());
            }
        }
        Command::Features { out } => {
            dump_features(&examples, std::io::BufWriter::new(std::fs::File::create(out)?))?;
        }
    }
    Ok(())
}
