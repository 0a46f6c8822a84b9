//! What must hold of a journal.

mod damage;
mod gone;
mod disks;
mod impact;
mod joining;
mod keeping;
mod reading;
mod sample;
mod writing;
