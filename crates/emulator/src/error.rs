use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why an emulator did not start; each message says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address can be reached from other machines, and no key is demanded.
    #[error(
        "refusing to listen on {0}, which other machines may reach, without an API key: set one that callers must send, or listen on 127.0.0.1"
    )]
    RefusedAddress(SocketAddr),

    /// Another program listens there.
    #[error("the address {0} is in use: stop the program that listens there, or take port 0 for a free one")]
    AddressInUse(SocketAddr),

    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; 127.0.0.1:0 always works")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },

    /// Another emulator writes this state file.
    #[error("the state file {0} is in use by another emulator: stop that one, or name another file")]
    StateInUse(PathBuf),

    /// The state file cannot be opened, read or written.
    #[error("cannot use the state file {path}: {source}")]
    State {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// The file is there and holds something else.
    #[error("{path} line {line} is not what an emulator wrote ({reason}): move the file away, or name another one")]
    StateUnreadable {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },

    /// A scenario cannot be read, or is none.
    #[error("cannot use the scenario {path}: {reason}")]
    Scenario {
        /// The file or the folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// An option of the builder is out of its range.
    #[error("{option} must be {range}, not {given}")]
    InvalidOption {
        /// The option's name.
        option: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it was; never the key.
        given: String,
    },

    /// The system gave no threads.
    #[error("cannot start the emulator's threads: {0}")]
    Threads(#[source] io::Error),
}
