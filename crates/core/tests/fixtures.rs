//! Runs the cases in `tests/fixtures`, which all languages have in common, and checks the files themselves.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use spark_t2i_core::{ErrorKind, Estimate, Report, Request, TaskSnapshot, wire};

const LEAST_VALIDATION_CASES: usize = 80;
const LEAST_DECODING_CASES: usize = 50;
const LEAST_SCENARIOS: usize = 60;
/// The rows of the table of faults that a client can meet on the wire.
const ROWS_ON_THE_WIRE: std::ops::RangeInclusive<u64> = 1..=26;

#[test]
fn validation() {
    let cases = cases("validation");
    assert!(cases.len() >= LEAST_VALIDATION_CASES, "only {} cases", cases.len());
    run(&cases, |case| {
        let parameters = parameters(case);
        let report = Report::of_json(&parameters);
        let got = serde_json::to_value(&report).expect("a report is JSON");
        let mut differences = differences(&case["expected"], &got);
        differences.extend(typed_differences(&parameters, &report));
        differences
    });
}

#[test]
fn decoding() {
    let cases = cases("decoding");
    assert!(cases.len() >= LEAST_DECODING_CASES, "only {} cases", cases.len());
    run(&cases, |case| {
        let body = body(case);
        let canonical = match case["kind"].as_str() {
            Some("task") => TaskSnapshot::decode(&body).map(|task| canonical(&task)),
            Some("estimate") => Estimate::decode(&body).map(|estimate| canonical(&estimate)),
            Some("rejection") => Ok(canonical(&wire::rejection(status(case), &body))),
            kind => panic!("no such kind: {kind:?}"),
        };
        let canonical = canonical.unwrap_or_else(|_| r#"{"unreadable":true}"#.to_owned());
        let got = serde_json::from_str(&canonical).expect("the canonical form is JSON");
        let mut differences = differences(&case["expected"], &got);
        for part in case["canonical_contains"].as_array().into_iter().flatten() {
            let part = part.as_str().expect("the schema says so");
            if !canonical.contains(part) {
                differences.push(format!("{part} is not in {canonical}"));
            }
        }
        differences
    });
}

#[test]
fn files_match_their_schemas() {
    for (folder, schema) in [("validation", "validation"), ("decoding", "decoding"), ("scenarios", "scenario")] {
        let name = format!("{schema}.schema.json");
        let schema = read(&root().join(&name));
        assert!(jsonschema::meta::is_valid(&schema), "{name} is no JSON Schema");
        let schema = jsonschema::draft202012::new(&schema).expect("it matches its own schema");
        for path in files(folder) {
            let file = read(&path);
            let errors: Vec<String> = schema
                .iter_errors(&file)
                .map(|error| format!("{}: {}", error.instance_path(), short(&error.to_string())))
                .collect();
            assert!(errors.is_empty(), "{}:\n{}", path.display(), errors.join("\n"));
        }
    }
}

#[test]
fn names_are_unique() {
    let mut seen: HashMap<String, PathBuf> = HashMap::new();
    for (path, case) in ["validation", "decoding"].into_iter().flat_map(located_cases) {
        if let Some(other) = seen.insert(name(&case).to_owned(), path.clone()) {
            panic!("{} is both in {} and in {}", name(&case), other.display(), path.display());
        }
    }
}

#[test]
fn scenarios_cover_every_row_and_every_kind_of_error() {
    let scenarios: Vec<Value> = files("scenarios").iter().map(|path| read(path)).collect();
    assert!(scenarios.len() >= LEAST_SCENARIOS, "only {} scenarios", scenarios.len());
    let rows: BTreeSet<u64> =
        scenarios.iter().filter_map(|case| case["rows"].as_array()).flatten().filter_map(Value::as_u64).collect();
    let missing: Vec<u64> = ROWS_ON_THE_WIRE.filter(|row| !rows.contains(row)).collect();
    assert!(missing.is_empty(), "no scenario for the rows {missing:?}");

    let text = serde_json::to_string(&scenarios).expect("it was JSON");
    for kind in ErrorKind::ALL {
        let is_expected = match kind {
            // In some languages cancelling is no error.
            ErrorKind::Cancelled => text.contains(r#""cancelled":true"#),
            // A bug of ours has no scenario.
            ErrorKind::Internal => true,
            _ => text.contains(&format!(r#""kind":"{kind}""#)),
        };
        assert!(is_expected, "no scenario expects {kind}");
    }
}

#[test]
fn every_code_of_validation_has_a_case() {
    let cases = cases("validation");
    let seen: BTreeSet<&str> = cases
        .iter()
        .flat_map(|case| case["expected"]["violations"].as_array().into_iter().flatten())
        .filter_map(|violation| violation["code"].as_str())
        .collect();
    let all: Vec<String> = (1..=9).map(|number| format!("00300100{number}")).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
}

/// Valid parameters make a typed request with the same verdict, and reach a server as they are.
fn typed_differences(parameters: &str, report: &Report) -> Vec<String> {
    let request = match Request::from_json(parameters) {
        Ok(_) if !report.is_valid() => return vec!["a typed request was made of invalid parameters".to_owned()],
        Ok(request) => request,
        Err(_) if report.is_valid() => return vec!["no typed request was made of valid parameters".to_owned()],
        Err(error) if error.violations() != report.violations => {
            return vec![format!("the error has other violations: {:?}", error.violations())];
        }
        Err(_) => return Vec::new(),
    };
    let mut differences = Vec::new();
    if request.validate() != *report {
        differences.push(format!("the typed request's verdict is {:?}", request.validate()));
    }
    let body = wire::create_body(&request);
    match wire::Create::parse(body.as_bytes()) {
        Err(error) => differences.push(format!("a server cannot read the create: {error}")),
        Ok(create) => {
            if create.model.as_deref() != Some(wire::MODEL) {
                differences.push(format!("a server reads the model {:?}", create.model));
            }
            match Request::from_parameters(&create.parameters) {
                Ok(arrived) if arrived == request => {}
                arrived => differences.push(format!("a server reads {arrived:?} instead of {request:?}")),
            }
        }
    }
    differences
}

/// Calls `check` on every case, and fails with the names, the reasons and the differences of all that went wrong.
fn run(cases: &[Value], check: impl Fn(&Value) -> Vec<String>) {
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let differences = check(case);
            let lines: Vec<String> = differences.iter().map(|line| format!("    {}", short(line))).collect();
            let why = case["why"].as_str().unwrap_or_default();
            (!lines.is_empty()).then(|| format!("{}: {why}\n{}", name(case), lines.join("\n")))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {} cases failed\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn differences(expected: &Value, got: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", expected, got, &mut found);
    found
}

/// Numbers are compared by value: `1` is `1.0`.
fn compare(path: &str, expected: &Value, got: &Value, found: &mut Vec<String>) {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            let names: BTreeSet<_> = expected.keys().chain(got.keys()).collect();
            for name in names {
                match (expected.get(name), got.get(name)) {
                    (Some(expected), Some(got)) => compare(&format!("{path}/{name}"), expected, got, found),
                    (Some(expected), None) => found.push(format!("{path}/{name}: expected {expected}, got nothing")),
                    (None, Some(got)) => found.push(format!("{path}/{name}: expected nothing, got {got}")),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(expected), Value::Array(got)) if expected.len() == got.len() => {
            for (index, (expected, got)) in expected.iter().zip(got).enumerate() {
                compare(&format!("{path}/{index}"), expected, got, found);
            }
        }
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
        _ if expected == got => {}
        _ => found.push(format!("{path}: expected {expected}, got {got}")),
    }
}

fn canonical(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("the canonical form is JSON")
}

fn parameters(case: &Value) -> String {
    if let Some(parameters) = case.get("parameters_text") {
        return text(parameters);
    }
    let mut parameters: Map<String, Value> = case["parameters"].as_object().expect("the schema says so").clone();
    if let Some(prompt) = case.get("prompt") {
        parameters.insert("prompt".to_owned(), json!(text(prompt)));
    }
    Value::Object(parameters).to_string()
}

fn body(case: &Value) -> Vec<u8> {
    match case.get("body_base64").and_then(Value::as_str) {
        Some(encoded) => from_base64(encoded),
        None => text(&case["body"]).into_bytes(),
    }
}

fn status(case: &Value) -> u16 {
    case["http_status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("the schema says so")
}

/// A string, or the pieces that it is joined from.
fn text(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(pieces) => pieces.iter().map(piece).collect(),
        other => panic!("no text: {other}"),
    }
}

fn piece(piece: &Value) -> String {
    let repeated = || Some(piece["text"].as_str()?.repeat(usize::try_from(piece["times"].as_u64()?).ok()?));
    piece.as_str().map(str::to_owned).or_else(repeated).expect("the schema says so")
}

fn from_base64(encoded: &str) -> Vec<u8> {
    let six_bits = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => panic!("no base64: {encoded}"),
    };
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in encoded.trim_end_matches('=').bytes() {
        held = (held << 6) | u32::from(six_bits(letter));
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).expect("one byte"));
        }
    }
    bytes
}

fn name(case: &Value) -> &str {
    case["name"].as_str().expect("every case has a name")
}

fn short(text: &str) -> String {
    if text.chars().count() > 600 { text.chars().take(600).chain("…".chars()).collect() } else { text.to_owned() }
}

fn cases(folder: &str) -> Vec<Value> {
    located_cases(folder).into_iter().map(|(_, case)| case).collect()
}

fn located_cases(folder: &str) -> Vec<(PathBuf, Value)> {
    let of_file = |path: PathBuf| {
        let file = read(&path);
        let cases = file["cases"].as_array().expect("a file has cases").clone();
        cases.into_iter().map(move |case| (path.clone(), case))
    };
    files(folder).into_iter().flat_map(of_file).collect()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = root().join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}
