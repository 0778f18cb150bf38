//! One run of a scenario: what arrived, what is answered next, and what is to be said of it in the end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::case::{Case, Kind, Step};
use super::compare::differences;
use super::placeholder::Values;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) kind: Kind,
    pub(super) at: Instant,
    pub(super) method: String,
    /// Under the base URL.
    pub(super) path: String,
    /// By their names in small letters; several of one name joined by commas.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

/// What is expected of the requests of one kind.
#[derive(Debug)]
struct Wanted {
    count: Value,
    /// The seconds between each and the one before.
    gap_seconds: Option<Value>,
    /// Whether all have the same body, to the byte.
    same_body: bool,
    all: Rules,
    /// What holds for the first, the second and so on.
    each: Vec<Rules>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Rules {
    path: Option<Value>,
    /// Header by header; null for one that must not be there.
    headers: Map<String, Value>,
    json: Option<Value>,
}

impl Wanted {
    /// A number or a range, or an object with more about the requests.
    fn read(value: &Value) -> Result<Self, String> {
        let fields = value.as_object().filter(|fields| !fields.keys().all(|name| name.starts_with('$')));
        let mut fields = fields.cloned().unwrap_or_else(|| Map::from_iter([("count".to_owned(), value.clone())]));
        let unreadable = |error: serde_json::Error| format!("requests: {error}");
        let each: Vec<Rules> = match fields.remove("each") {
            Some(each) => serde_json::from_value(each).map_err(unreadable)?,
            None => Vec::new(),
        };
        Ok(Self {
            count: fields.remove("count").ok_or("requests: there is no count")?,
            gap_seconds: fields.remove("gap_seconds"),
            same_body: fields.remove("same_body").is_some_and(|same| same == true),
            all: serde_json::from_value(fields.into()).map_err(unreadable)?,
            each,
        })
    }
}

/// What a scenario's server says of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether everything was as expected.
    pub passed: bool,
    /// What was not, one sentence each.
    pub differences: Vec<String>,
    /// How many creates the server took.
    pub charges: u64,
    /// The requests that arrived, in their order, for people.
    pub requests: Vec<String>,
}

#[derive(Debug, Default)]
struct State {
    progress: BTreeMap<Kind, Progress>,
    seen: Vec<Seen>,
    charges: u64,
    unanswered: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
struct Progress {
    first: Instant,
    step: usize,
    used: u32,
}

/// The most requests that are kept of a run, and the most bytes of each body: a client that has gone mad must not take
/// the server's memory with it.
const MOST_REQUESTS: usize = 20_000;
const MOST_BODY_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Run {
    pub(super) case: Case,
    /// The case as the runner gets it.
    pub(super) filled: Value,
    pub(super) values: Values,
    wanted: BTreeMap<Kind, Wanted>,
    state: Mutex<State>,
}

impl Run {
    pub(super) fn new(case: &Case, raw: &Value, values: Values) -> Result<Self, String> {
        let mut filled = values.fill_all(raw);
        values.offer(&mut filled["options"]);
        values.slowness.stretch(&mut filled);
        let read = |value: &Value| -> Result<Wanted, String> {
            let mut wanted = Wanted::read(&values.fill_all(value))?;
            wanted.gap_seconds.iter_mut().for_each(|gap| values.slowness.widen(gap));
            Ok(wanted)
        };
        let wanted: Result<_, String> = case.requests.iter().map(|(kind, value)| Ok((*kind, read(value)?))).collect();
        Ok(Self { case: case.clone(), filled, values, wanted: wanted?, state: Mutex::default() })
    }

    /// Notes a request, and says what it is answered; none where the scenario has no answer.
    pub(super) fn take(&self, mut seen: Seen) -> Option<Step> {
        let steps = self.case.server.steps(seen.kind);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = state.progress.entry(seen.kind).or_insert(Progress { first: seen.at, step: 0, used: 0 });
        let step = loop {
            let Some(step) = steps.get(progress.step) else { break None };
            let is_last = progress.step + 1 == steps.len();
            let elapsed = seen.at.duration_since(progress.first).as_secs_f64();
            let over = match (step.times, step.seconds) {
                (None, None) => !is_last && progress.used >= 1,
                (times, seconds) => {
                    times.is_some_and(|times| progress.used >= times)
                        || seconds.is_some_and(|seconds| elapsed >= seconds)
                }
            };
            if !over {
                progress.used += 1;
                break Some(step.clone());
            }
            (progress.step, progress.used) = (progress.step + 1, 0);
        };
        match &step {
            Some(step) if seen.kind == Kind::Create && step.charges() => state.charges += 1,
            Some(_) => {}
            None => state.unanswered.push(format!("{} {}", seen.method, seen.path)),
        }
        if state.seen.len() < MOST_REQUESTS {
            seen.body.truncate(MOST_BODY_BYTES);
            state.seen.push(seen);
        }
        step
    }

    /// Compares what arrived, and what a runner says came of it, with what was expected.
    pub(super) fn judge(&self, outcome: Option<&Value>) -> Verdict {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        if let Some(outcome) = outcome {
            let expected = self.expected(outcome);
            differences("outcome", &expected, Some(outcome), &mut found);
            if outcome.to_string().contains(&self.values.key) {
                found.push("outcome: the API key stands in it".to_owned());
            }
        }
        for kind in [Kind::Create, Kind::Status, Kind::Estimate, Kind::Image, Kind::Other, Kind::Elsewhere] {
            let seen: Vec<&Seen> = state.seen.iter().filter(|seen| seen.kind == kind).collect();
            self.judge_kind(kind, &seen, &mut found);
        }
        for request in &state.unanswered {
            found.push(format!("requests: the scenario has no answer for {request}"));
        }
        let most = json!({"$to": self.case.jobs()});
        let charges = self.case.charges.as_ref().unwrap_or(&most);
        differences("charges", charges, Some(&state.charges.into()), &mut found);
        let first = state.seen.first().map(|seen| seen.at);
        let requests = state.seen.iter().map(|seen| {
            let after = first.map_or(0.0, |first| seen.at.duration_since(first).as_secs_f64());
            format!("{after:7.3} s  {} {} ({})", seen.method, seen.path, name(seen.kind))
        });
        Verdict { passed: found.is_empty(), differences: found, charges: state.charges, requests: requests.collect() }
    }

    /// The expectation, without the fields that the outcome says it does not have.
    fn expected(&self, outcome: &Value) -> Value {
        let mut expected = self.filled["expect"].clone();
        let left_out = outcome["left_out"].as_array();
        for path in left_out.into_iter().flatten().filter_map(Value::as_str) {
            if let Some((parent, name)) = path.rsplit_once('/')
                && let Some(Value::Object(fields)) = expected.pointer_mut(parent)
            {
                fields.remove(name);
            }
        }
        expected
    }

    fn judge_kind(&self, kind: Kind, seen: &[&Seen], found: &mut Vec<String>) {
        let place = format!("requests.{}", name(kind));
        let wanted = self.wanted.get(&kind);
        let count = wanted.map_or(Value::from(0), |wanted| wanted.count.clone());
        differences(&format!("{place}.count"), &count, Some(&seen.len().into()), found);
        for (index, request) in seen.iter().enumerate() {
            self.judge_always(&format!("{place}[{index}]"), request, found);
        }
        let Some(wanted) = wanted else { return };
        if let Some(gap) = &wanted.gap_seconds {
            for (index, pair) in seen.windows(2).enumerate() {
                let seconds = pair[1].at.duration_since(pair[0].at).as_secs_f64();
                differences(
                    &format!("{place}[{}] came after the one before, in seconds", index + 1),
                    gap,
                    Some(&seconds.into()),
                    found,
                );
            }
        }
        if wanted.same_body && seen.windows(2).any(|pair| pair[0].body != pair[1].body) {
            found.push(format!("{place}: their bodies differ"));
        }
        for (index, request) in seen.iter().enumerate() {
            for rules in std::iter::once(&wanted.all).chain(wanted.each.get(index)) {
                rules.judge(&format!("{place}[{index}]"), request, found);
            }
        }
    }

    /// What holds for every request of every scenario.
    fn judge_always(&self, place: &str, request: &Seen, found: &mut Vec<String>) {
        let key = &self.values.key;
        let header = |name: &str| request.headers.get(name).map(String::as_str);
        let mut demand = |holds: bool, what: &str| {
            if !holds {
                found.push(format!("{place}: {what}"));
            }
        };
        match request.kind {
            Kind::Create | Kind::Status | Kind::Estimate => {
                demand(
                    header("authorization") == Some(&format!("Bearer {key}")),
                    "not the scenario's API key as bearer",
                );
                demand(header("accept") == Some("application/json"), "not Accept: application/json");
                demand(header("user-agent").is_some_and(|agent| !agent.is_empty()), "no User-Agent");
                if request.method == "POST" {
                    let kind = header("content-type").map(|kind| kind.split(';').next().unwrap_or_default().trim());
                    demand(kind == Some("application/json"), "not Content-Type: application/json");
                }
            }
            Kind::Image | Kind::Elsewhere => {
                let everything =
                    format!("{} {:?} {}", request.path, request.headers, String::from_utf8_lossy(&request.body));
                demand(!everything.contains(key.as_str()), "the API key went where it must not go");
                demand(header("authorization").is_none(), "an Authorization header went where none must go");
            }
            Kind::Other => {}
        }
    }
}

impl Rules {
    fn judge(&self, place: &str, request: &Seen, found: &mut Vec<String>) {
        if let Some(path) = &self.path {
            differences(&format!("{place}.path"), path, Some(&request.path.as_str().into()), found);
        }
        for (name, value) in &self.headers {
            let header = request.headers.get(&name.to_ascii_lowercase()).map(|value| Value::from(value.as_str()));
            if header.is_some() || !value.is_null() {
                differences(&format!("{place}.headers.{name}"), value, header.as_ref(), found);
            }
        }
        if let Some(json) = &self.json {
            match serde_json::from_slice::<Value>(&request.body) {
                // As a whole: a client must not add what nobody asked for.
                Ok(body) if body == *json => {}
                Ok(body) => found.push(format!("{place}.body: {body} where {json} was expected")),
                Err(error) => found.push(format!("{place}.body: no JSON: {error}")),
            }
        }
    }
}

impl Step {
    /// Whether the server took a create that is answered like this.
    fn charges(&self) -> bool {
        let succeeds = self.no_answer.is_none()
            && self.raw.is_none()
            && self.reset_stream.is_none()
            && !self.goaway
            && (200..300).contains(&self.status.unwrap_or(200));
        self.charge.unwrap_or(succeeds)
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Create => "create",
        Kind::Status => "status",
        Kind::Estimate => "estimate",
        Kind::Image => "image",
        Kind::Other => "other",
        Kind::Elsewhere => "elsewhere",
    }
}
