//! What runs in the supervisor, in the init and inside the machine: Linux and nothing else.

mod device;
mod enter;
mod etc;
mod init;
mod lower;
mod payload;
mod people;
mod supervise;
mod sys;
mod wslg;

pub use enter::enter;
pub use init::init;
pub use supervise::supervise;
pub(crate) use sys::die_with_parent;
