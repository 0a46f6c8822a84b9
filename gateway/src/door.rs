//! What the programs have alike that mail servers connect to: sockets, connections, signals, and the service manager.

mod address;
mod files;
mod listener;
mod manager;
mod passed;
mod signals;
mod socket;

pub use address::client_address;
pub use files::raise_open_files;
pub use listener::{Connection, Listener};
pub use manager::until_told_to_end;
pub use passed::Passed;
pub use signals::Signals;
pub use socket::{Socket, SocketError};
