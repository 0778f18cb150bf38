//! What came of a task: the object that `--json` prints, and the same for people.

use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;
use spark_t2i::{Decimal, Image, Request, Saved, TaskId, TaskSnapshot, printable};

use crate::figures;
use crate::output::{BOLD, FAINT, GREEN};
use crate::session::Session;

/// The JSON form of a result. Its fields are a promise: none goes, none changes its meaning.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    task_id: TaskId,
    status: Option<String>,
    model: Option<String>,
    prompt: Option<String>,
    seed: Option<i64>,
    width: Option<u32>,
    height: Option<u32>,
    file: Option<String>,
    url: Option<String>,
    bytes: Option<u64>,
    cost: Option<Decimal>,
    discount: Option<Box<RawValue>>,
    requests: u64,
    lag_seconds: Option<f64>,
    seconds: f64,
}

impl Outcome {
    /// What is known of a task, and of the request if it was submitted here.
    pub(crate) fn of(
        session: &Session,
        id: &TaskId,
        snapshot: Option<&TaskSnapshot>,
        request: Option<&Request>,
    ) -> Self {
        let size = request.map(Request::expected_size);
        let usage = snapshot.and_then(|snapshot| snapshot.usage.as_ref());
        let content = snapshot.and_then(|snapshot| snapshot.images().next());
        let model = snapshot.and_then(|snapshot| snapshot.model.clone());
        Self {
            task_id: id.clone(),
            status: snapshot.map(|snapshot| snapshot.status.to_string()),
            model: model.or_else(|| request.map(|request| request.model.clone())),
            prompt: request.map(|request| request.prompt.clone()),
            seed: request.and_then(|request| request.seed),
            width: size.map(|size| size.width),
            height: size.map(|size| size.height),
            file: None,
            url: content.and_then(|content| content.url.clone()),
            bytes: content.and_then(|content| content.size),
            cost: usage.and_then(|usage| usage.cost.clone()),
            // Its very digits: a binary float might show others.
            discount: usage
                .and_then(|usage| usage.discount.as_ref())
                .and_then(|discount| RawValue::from_string(discount.to_string()).ok()),
            requests: session.client.stats().requests(),
            lag_seconds: None,
            seconds: figures::to_millis(session.elapsed().as_secs_f64()),
        }
    }

    /// A finished task, and its file if it was saved.
    pub(crate) fn finished(
        session: &Session,
        image: &Image,
        request: Option<&Request>,
        lag: Option<f64>,
        saved: Option<&Saved>,
    ) -> Self {
        let mut outcome = Self::of(session, image.task_id(), Some(image.task()), request);
        outcome.lag_seconds = lag;
        if let Some(saved) = saved {
            outcome.file = Some(saved.path.to_string_lossy().into_owned());
            outcome.bytes = Some(saved.bytes);
            if let Some(pixels) = saved.pixels {
                (outcome.width, outcome.height) = (Some(pixels.width), Some(pixels.height));
            }
        }
        outcome
    }

    /// Two lines: the file, and what it took.
    pub(crate) fn summary(&self, file: Option<&Path>) -> String {
        let what = match file {
            Some(path) => printable(&path.to_string_lossy(), 500),
            None => "image".to_owned(),
        };
        let pixels = self.width.zip(self.height).map(|(width, height)| format!("{width} × {height}"));
        let size = self.bytes.map(figures::bytes);
        let about = [pixels, size].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let cost = self.cost.as_ref().map_or_else(|| "cost not told".to_owned(), |cost| format!("{cost} USD"));
        format!(
            "{GREEN}✓{GREEN:#} {BOLD}{what}{BOLD:#}  {about}\n  {}, {}, {cost}, {FAINT}task {}{FAINT:#}",
            figures::duration(std::time::Duration::try_from_secs_f64(self.seconds).unwrap_or_default()),
            figures::count(self.requests, "request"),
            self.task_id,
        )
    }

    /// A table for people, of a task that was only looked at.
    pub(crate) fn table(&self, progress: Option<f64>) -> String {
        let status = match (&self.status, progress) {
            (Some(status), Some(progress)) if status == "running" => format!("{status}, {:.0} %", progress * 100.0),
            (Some(status), _) if !status.is_empty() => printable(status, 60),
            _ => "unknown".to_owned(),
        };
        let rows = [
            ("task", Some(self.task_id.to_string())),
            ("status", Some(status)),
            ("model", self.model.as_ref().map(|model| printable(model, 100))),
            ("image", self.url.as_ref().map(|url| printable(url, 2_000))),
            ("size", self.bytes.filter(|_| self.url.is_some()).map(figures::bytes)),
            ("cost", self.cost.as_ref().map(|cost| format!("{cost} USD"))),
        ];
        let row =
            |(name, value): (&str, Option<String>)| value.map(|value| format!("{FAINT}{name:<6}{FAINT:#}  {value}"));
        rows.into_iter().filter_map(row).collect::<Vec<_>>().join("\n")
    }
}
