//! Ctrl-C, and its like from a service manager.

use std::io;

/// Ends when the user, or the system, asks the program to stop. From the call on the signals no longer end the program
/// by themselves. Must be called inside a runtime.
#[cfg(unix)]
pub(crate) fn requested() -> io::Result<impl Future<Output = ()>> {
    use std::pin::pin;
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        futures_util::future::select(pin!(interrupt.recv()), pin!(terminate.recv())).await;
    })
}

/// Ends when the user asks the program to stop. From the call on Ctrl-C no longer ends the program by itself. Must be
/// called inside a runtime.
#[cfg(windows)]
pub(crate) fn requested() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
