//! What happens, for whoever looks on: one line that changes, on a terminal only.

use std::cell::RefCell;
use std::fmt::Write;
use std::io;
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};
use spark_t2i::{Client, Event, EventKind, TaskId};

use crate::figures;
use crate::output::{Output, to_stderr};

const SUBMITTING: &str = "{spinner:.cyan} submitting{tries}  {time}";
const WAITING: &str = "{spinner:.cyan} {prefix:<8}  {time}  {wide_msg:.dim}";
const RUNNING: &str = "{spinner:.cyan} {prefix:<8}  {bar:24.cyan/dim}  {percent:>3} %  {time}  {wide_msg:.dim}";
const DOWNLOADING: &str = "{spinner:.cyan} fetching  {received}  {time}  {wide_msg:.dim}";
const SPINNER: &str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ";
const BAR: &str = "━╸━";
const TICK: Duration = Duration::from_millis(100);

pub(crate) struct Progress {
    bar: ProgressBar,
    client: Client,
    /// The trouble told last: it is told once, however often it comes back.
    trouble: RefCell<Option<String>>,
}

impl Progress {
    /// Nothing is seen of it before something is told.
    pub(crate) fn new(output: Output, client: &Client) -> Self {
        let target = if output.shows_progress() && !console::is_dumb() {
            console::set_colors_enabled(console::colors_enabled_stderr());
            ProgressDrawTarget::term_like_with_hz(Box::new(NarrowTerm(Term::buffered_stderr())), 20)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(100), target);
        Self { bar, client: client.clone(), trouble: RefCell::new(None) }
    }

    pub(crate) fn submitting(&self) {
        self.show(SUBMITTING);
    }

    /// An answer is waited for; of the task, if it is about one, nothing is known yet.
    pub(crate) fn asking(&self, id: Option<&TaskId>) {
        if let Some(id) = id {
            self.name(id);
        }
        self.bar.set_prefix("asking");
        self.show(WAITING);
    }

    pub(crate) fn event(&self, event: &Event) {
        self.name(&event.task_id);
        match &event.kind {
            EventKind::Running(Some(progress)) => {
                self.bar.set_position(percent(*progress));
                self.show(RUNNING);
                self.bar.set_prefix("running");
            }
            EventKind::Retrying { cause, delay } => self.trouble(cause.message(), *delay),
            EventKind::Submitted | EventKind::Queued | EventKind::Running(None) => {
                self.show(WAITING);
                self.bar.set_prefix(event.kind.as_str());
            }
            _ => {}
        }
        if !matches!(event.kind, EventKind::Retrying { .. }) {
            *self.trouble.borrow_mut() = None;
        }
    }

    pub(crate) fn downloading(&self, size: Option<u64>) {
        if self.bar.is_hidden() {
            return;
        }
        let client = self.client.clone();
        let received = move |_: &ProgressState, text: &mut dyn Write| {
            let received = figures::bytes(client.stats().downloaded_bytes);
            _ = match size {
                Some(size) => write!(text, "{received} of {}", figures::bytes(size)),
                None => text.write_str(&received),
            };
        };
        self.bar.set_style(self.style(DOWNLOADING).with_key("received", received));
    }

    /// Takes the line away; what was told above it stays.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn name(&self, id: &TaskId) {
        self.bar.set_message(id.to_string());
    }

    fn show(&self, template: &str) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_style(self.style(template));
        self.bar.enable_steady_tick(TICK);
    }

    fn style(&self, template: &str) -> ProgressStyle {
        let client = self.client.clone();
        let tries = move |_: &ProgressState, text: &mut dyn Write| {
            let retries = client.stats().retries;
            if retries > 0 {
                _ = write!(text, " (try {})", retries + 1);
            }
        };
        let time = |state: &ProgressState, text: &mut dyn Write| {
            let seconds = state.elapsed().as_secs();
            _ = write!(text, "{}:{:02}", seconds / 60, seconds % 60);
        };
        ProgressStyle::with_template(template)
            .expect("the templates are well-formed")
            .tick_chars(SPINNER)
            .progress_chars(BAR)
            .with_key("tries", tries)
            .with_key("time", time)
    }

    fn trouble(&self, cause: &str, delay: Duration) {
        let mut told = self.trouble.borrow_mut();
        if told.as_deref() != Some(cause) {
            self.bar.suspend(|| to_stderr(&format!("  {cause}; asking again in {}", figures::duration(delay))));
            *told = Some(cause.to_owned());
        }
        self.bar.set_prefix("retrying");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Whole percents; 100 only where all is done.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the progress is clamped")]
fn percent(progress: f64) -> u64 {
    (progress.clamp(0.0, 1.0) * 100.0).floor() as u64
}

/// The terminal, without its last columns. The bar fills its line to the end, and the `^C` that the terminal echoes
/// there would go to the next line: then the wrong one would be cleared.
#[derive(Debug)]
struct NarrowTerm(Term);

const LEFT_FREE: u16 = 4;

impl TermLike for NarrowTerm {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(LEFT_FREE).max(1)
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_up(lines)
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_down(lines)
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_right(columns)
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_left(columns)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}
