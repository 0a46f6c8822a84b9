//! What must hold of a journal.

mod batches;
mod damage;
mod disks;
mod features;
mod gone;
mod impact;
mod joining;
mod keeping;
mod reading;
mod sample;
mod writing;
