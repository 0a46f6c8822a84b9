//! What documents tell people to type is typed, in the order in which they tell it.

mod first_model;
mod page;
mod place;
mod readme;
mod scaffold;
