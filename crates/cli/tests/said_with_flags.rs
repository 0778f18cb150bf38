//! The scenarios of `tests/fixtures/scenarios` by the built command, where a case can be said with its flags.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use spark_t2i_emulator::Emulator;

/// Processes at once: so few that two cores keep the times that the scenarios speak of.
const AT_ONCE: usize = 12;
/// Far more than any case takes.
const LONGEST: Duration = Duration::from_secs(60);
/// So many can be said today. A case that drops out because a flag went away is noticed.
const LEAST_CASES: usize = 80;

#[test]
fn scenarios_that_can_be_said_with_flags() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let table: Value = serde_json::from_str(&fs::read_to_string(fixtures.join("errors.json")).unwrap()).unwrap();
    let emulator = Emulator::builder().scenarios(fixtures.join("scenarios")).start().unwrap();
    let mut cases: Vec<(&str, Value, Said)> = emulator
        .scenarios()
        .into_iter()
        .map(|name| (name, emulator.scenario(name).unwrap()))
        .filter_map(|(name, case)| Said::of(&case).map(|said| (name, case, said)))
        .collect();
    assert!(cases.len() >= LEAST_CASES, "only {} scenarios can be said with flags", cases.len());
    let count = cases.len();
    // The long ones are taken first, from the end, so that the others pass beside them.
    cases.sort_by(|(_, one, _), (_, other, _)| at_least(one).total_cmp(&at_least(other)));
    let (cases, failures) = (Mutex::new(cases), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((name, case, said)) = cases.lock().unwrap().pop() else { return };
                    let arrived = || !emulator.verdict(name, None).unwrap().requests.is_empty();
                    let (outcome, mut differences) = said.run(&case, &table, arrived);
                    differences.extend(emulator.verdict(name, Some(&outcome)).unwrap().differences);
                    if !differences.is_empty() {
                        let failure = format!("{name}: {}\n  {differences:#?}\n  {said:?}\n  {outcome}", case["about"]);
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    println!("{} scenarios passed, {} failed", count - failures.len(), failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// The seconds that a case takes, where it says so.
fn at_least(case: &Value) -> f64 {
    case["expect"]["seconds"]["$from"].as_f64().unwrap_or_default()
}

/// A case in the words of the command line.
#[derive(Debug)]
struct Said {
    arguments: Vec<String>,
    /// What the command's JSON tells of the fields that a result may be expected to have.
    tells: &'static [&'static str],
}

impl Said {
    fn of(case: &Value) -> Option<Self> {
        let call = &case["call"];
        let fails = case["expect"].get("error").is_some();
        if call.get("copies").is_some() || case["expect"].get("$one_of").is_some() {
            return None;
        }
        let id = call["task_id"].as_str();
        let (mut arguments, tells): (Vec<String>, &[&str]) = match (call["do"].as_str()?, id) {
            ("submit", _) => (vec!["submit".to_owned()], &["task_id", "status"]),
            ("estimate", _) => {
                (vec!["estimate".to_owned()], &["cost", "currency", "discount", "sample_count", "updated_at"])
            }
            // The command refuses a target that it cannot use before it sends anything.
            ("save", None) if fails && call.get("existing").is_some() || call["file"].as_str()?.contains('/') => {
                return None;
            }
            ("save", None) => (vec!["generate".to_owned()], &["file", "bytes"]),
            // The command goes on to fetch the image, of which such a case knows nothing.
            ("generate", _) if fails || call.get("cancel_after_seconds").is_some() => {
                (vec!["generate".to_owned()], &[])
            }
            ("wait", Some(id)) => {
                (vec!["task".to_owned(), id.to_owned(), "--wait".to_owned()], &["task_id", "url", "width", "usage"])
            }
            ("refresh", Some(id)) => (vec!["task".to_owned(), id.to_owned()], &["id", "status", "model"]),
            _ => return None,
        };
        let parameters = call["parameters"].as_object();
        for (name, value) in parameters.into_iter().flatten() {
            match (name.as_str(), value) {
                // A system's arguments hold no NUL.
                ("prompt", Value::String(prompt)) if !prompt.contains('\0') => arguments.push(prompt.clone()),
                ("use_pre_llm", Value::Bool(true)) => {}
                ("use_pre_llm", Value::Bool(false)) => arguments.push("--no-pre-llm".to_owned()),
                ("seed" | "width" | "height", number) => arguments.push(format!("--{name}={number}")),
                _ => return None,
            }
        }
        for (name, value) in case["options"].as_object()? {
            arguments.push(match name.as_str() {
                "api_key" => continue,
                "base_url" => format!("--base-url={}", value.as_str()?),
                "wait_timeout_seconds" => format!("--wait-timeout={value}"),
                "poll_interval_seconds" => format!("--poll-interval={value}"),
                "max_requests_per_second" => format!("--max-requests-per-second={value}"),
                _ => return None,
            });
        }
        if let Some(file) = call["file"].as_str() {
            arguments.push(format!("--output={file}"));
        }
        if call["overwrite"] == true {
            arguments.push("--force".to_owned());
        }
        Some(Self { arguments, tells })
    }

    /// Runs the command, and tells what came of it as the judge wants it, and what is wrong beyond that.
    /// `arrived`: whether a request of it has reached the service.
    fn run(&self, case: &Value, table: &Value, arrived: impl Fn() -> bool) -> (Value, Vec<String>) {
        let (call, key) = (&case["call"], case["options"]["api_key"].as_str().unwrap());
        let folder = tempfile::tempdir().unwrap();
        if let Some(content) = call["existing"].as_str() {
            fs::write(folder.path().join(call["file"].as_str().unwrap()), content).unwrap();
        }
        let begin = Instant::now();
        let (output, first_request) = self.output(folder.path(), key, call["cancel_after_seconds"].as_f64(), arrived);
        // The call began somewhen between the process, which takes a while on a machine that is busy, and its first request.
        let (longest, shortest) = (begin.elapsed().as_secs_f64(), first_request.elapsed().as_secs_f64());
        let allowed = case["expect"]["seconds"]["$to"].as_f64().unwrap_or(f64::MAX);
        let seconds = longest.min(shortest.max(allowed));
        let mut wrong = Vec::new();
        let log = String::from_utf8_lossy(&output.stderr);
        if log.contains(key.trim()) {
            wrong.push(format!("the API key stands on standard error: {log}"));
        }
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let code = output.status.code();
        let mut outcome = match told.get("error") {
            Some(error) => {
                let kind = table["kinds"].as_array().unwrap().iter().find(|kind| kind["kind"] == error["kind"]);
                let documented = kind.and_then(|kind| kind["exit_code"].as_i64());
                if code.map(i64::from) != documented {
                    wrong.push(format!("exit code {code:?} where the table says {documented:?}"));
                }
                let cancelled = error["kind"] == "cancelled";
                if cancelled { json!({"cancelled": true, "error": error}) } else { json!({"error": error}) }
            }
            None => {
                if code != Some(0) {
                    wrong.push(format!("exit code {code:?} without an error: {log}"));
                }
                json!({"result": self.result(&told)})
            }
        };
        outcome["seconds"] = seconds.into();
        outcome["folder"] = files(folder.path());
        outcome["left_out"] = self.left_out(&case["expect"]);
        (outcome, wrong)
    }

    /// What the command says, and when its first request arrived.
    fn output(
        &self,
        folder: &Path,
        key: &str,
        cancel_after: Option<f64>,
        arrived: impl Fn() -> bool,
    ) -> (Output, Instant) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spark-t2i"));
        command.args(&self.arguments).args(["--json", "-vv", "--no-latency-profile"]).current_dir(folder);
        command.env("SPARK_T2I_API_KEY", key).env_remove("SPARK_T2I_BASE_URL").env("NO_COLOR", "1");
        // A pipe that nobody reads would hold the command.
        let log = folder.with_extension("log");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
        let child = command.spawn().unwrap();
        let (id, (done, end)) = (child.id(), mpsc::channel());
        thread::spawn(move || done.send(child.wait_with_output().unwrap()));
        let (begin, mut ended) = (Instant::now(), None);
        while ended.is_none() && !arrived() && begin.elapsed() < LONGEST {
            ended = end.recv_timeout(Duration::from_millis(20)).ok();
        }
        let first_request = Instant::now();
        if let Some(seconds) = cancel_after {
            thread::sleep(Duration::from_secs_f64(seconds));
            signal(id, "-INT");
        }
        let mut output = ended.or_else(|| end.recv_timeout(LONGEST).ok()).unwrap_or_else(|| {
            signal(id, "-KILL");
            panic!("it did not end within {LONGEST:?}");
        });
        output.stderr = fs::read(&log).unwrap();
        fs::remove_file(log).unwrap();
        (output, first_request)
    }

    /// The result in the canonical form, as far as the command tells it.
    fn result(&self, told: &Value) -> Value {
        let usage = json!({"cost": told["cost"], "discount": told["discount"]});
        let fields = self.tells.iter().map(|name| {
            let value = match *name {
                "usage" => &usage,
                "id" => &told["task_id"],
                other => &told[other],
            };
            ((*name).to_owned(), value.clone())
        });
        let fields: Map<String, Value> = fields.collect();
        // An estimate that the service does not have.
        if self.arguments[0] == "estimate" && fields["cost"].is_null() { Value::Null } else { fields.into() }
    }

    /// What the judge shall not look for, because the command has no word for it.
    fn left_out(&self, expect: &Value) -> Value {
        let mut left_out = vec!["/stats".to_owned()];
        for name in expect["result"].as_object().into_iter().flat_map(Map::keys) {
            if !self.tells.contains(&name.as_str()) {
                left_out.push(format!("/result/{name}"));
            }
        }
        let usage = expect["result"]["usage"].as_object().into_iter().flat_map(Map::keys);
        let untold = usage.filter(|name| !matches!(name.as_str(), "cost" | "discount"));
        left_out.extend(untold.map(|name| format!("/result/usage/{name}")));
        left_out.into()
    }
}

fn signal(process: u32, name: &str) {
    assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

/// What is in the folder, by name; of a file its length and CRC-32.
fn files(folder: &Path) -> Value {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let about = files.iter().map(|path| {
        let bytes = fs::read(path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        json!({"name": name, "bytes": bytes.len(), "crc32": crc32fast::hash(&bytes)})
    });
    about.collect()
}
