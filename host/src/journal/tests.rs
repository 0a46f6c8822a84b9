//! What must hold of a journal.

mod damage;
mod disks;
mod impact;
mod keeping;
mod reading;
mod sample;
mod writing;
