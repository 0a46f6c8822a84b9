//! Other recipients.

/// Somebody whom a copy is sent to.
pub(crate) struct Person {
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) address: &'static str,
}

const fn person(first: &'static str, last: &'static str, address: &'static str) -> Person {
    Person { first, last, address }
}

/// Names of all kinds, a third of which are also words: these are the hard ones.
pub(crate) const PEOPLE: [Person; 18] = [
    person("Anna", "Kowalska", "anna.kowalska@firma.example"),
    person("Bill", "Price", "bill@price.example"),
    person("Carlos", "Jiménez", "cjimenez@correo.example"),
    person("Dorothea", "Müller-Lüdenscheidt", "d.mueller@post.example"),
    person("Mark", "Will", "mark.will@gmail.com"),
    person("Yuki", "Tanaka", "tanaka84@mail.example"),
    person("Grace", "Young", "grace@home.example"),
    person("Oluwaseun", "Adebayo", "seun.adebayo@work.example"),
    person("Li", "Wei", "liwei@qiye.example"),
    person("Frank", "Law", "info@frank-law.example"),
    person("Siobhán", "O'Brien", "sob@eire.example"),
    person("Rose", "Day", "rose_day@outlook.com"),
    person("Jean-Luc", "Dubois", "jldubois@courrier.example"),
    person("Priya", "Raghunathan", "priya.r@mail.example"),
    person("Ivan", "Petrov", "support@petrov.example"),
    person("Fatima", "al-Sayed", "fatima.alsayed@barid.example"),
    person("Thomas", "Anderson", "neo@matrix.example"),
    person("Hope", "Free", "hopefree@yahoo.com"),
];

impl Person {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }
}
