use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use spark_t2i_core::{Report, Request, wire};

use crate::config;

/// What callers give for a whole number: right, nearly right, and of every other type.
fn integer_like() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (-3_i64..4).prop_map(Value::from),
        8 => (1_i64..4200).prop_map(Value::from),
        2 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => prop::sample::select(vec![i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX]).prop_map(Value::from),
        2 => (1_i32..4000).prop_map(|number| json!(f64::from(number))),
        2 => (1_i32..4000).prop_map(|number| json!(f64::from(number) + 0.5)),
        2 => of_another_type(),
    ]
}

fn of_another_type() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(false),
        json!("7"),
        json!(""),
        json!([]),
        json!({"a": 1}),
    ])
}

fn prompt() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,30}",
        2 => any::<String>(),
        2 => "[ \t\n\u{a0}\u{3000}\u{200b}]{0,5}",
        1 => (prop::sample::select(vec!["a", "雪", "👩‍🚀", "e\u{301}", " "]), prop::sample::select(vec![40_usize, 41, 120, 121, 266, 267, 400, 401, 800, 801]))
            .prop_map(|(text, times)| text.repeat(times)),
    ]
}

fn parameters() -> impl Strategy<Value = Map<String, Value>> {
    let unknown = prop::sample::select(vec!["widht", "style", "n", "Prompt", "é"]);
    (
        option::weighted(0.9, prop_oneof![6 => prompt().prop_map(Value::from), 1 => integer_like()]),
        option::of(prop_oneof![2 => any::<bool>().prop_map(Value::from), 1 => integer_like()]),
        option::of(integer_like()),
        option::weighted(0.8, integer_like()),
        option::weighted(0.8, integer_like()),
        vec((unknown, of_another_type()), 0..3),
    )
        .prop_map(|(prompt, use_pre_llm, seed, width, height, unknown)| {
            let named = [
                ("prompt", prompt),
                ("use_pre_llm", use_pre_llm),
                ("seed", seed),
                ("width", width),
                ("height", height),
            ];
            let named = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            named.chain(unknown.into_iter().map(|(name, value)| (name.to_owned(), value))).collect()
        })
}

/// The rules of `protocol.md`, told once more: codes and fields of the violations, and whether there is a warning.
fn verdict(parameters: &Map<String, Value>) -> (Vec<(Option<u32>, String)>, bool) {
    let given = |name: &str| parameters.get(name).filter(|value| !value.is_null());
    let mut found: Vec<(Option<u32>, String)> = Vec::new();
    let mut warned = false;
    match given("prompt") {
        None => found.push((Some(1), "prompt".into())),
        Some(Value::String(text)) => {
            let characters = text.chars().count();
            if text.trim().is_empty() || characters > 800 {
                found.push((Some(2), "prompt".into()));
            } else {
                warned = characters > 120;
            }
        }
        Some(_) => found.push((Some(2), "prompt".into())),
    }
    if given("use_pre_llm").is_some_and(|value| !value.is_boolean()) {
        found.push((Some(3), "use_pre_llm".into()));
    }
    if let Some(seed) = given("seed") {
        let seed = integer(seed);
        if !seed.is_some_and(|seed| seed == -1 || (1..1 << 63).contains(&seed)) {
            found.push((Some(4), "seed".into()));
        }
    }
    found.extend(size_verdict(given("width"), given("height")));
    let mut unknown: Vec<&String> = parameters
        .keys()
        .filter(|name| !["prompt", "use_pre_llm", "seed", "width", "height"].contains(&name.as_str()))
        .filter(|name| given(name).is_some())
        .collect();
    unknown.sort();
    found.extend(unknown.into_iter().map(|name| (None, name.clone())));
    (found, warned)
}

fn size_verdict(width: Option<&Value>, height: Option<&Value>) -> Vec<(Option<u32>, String)> {
    let (width, height) = match (width, height) {
        (None, None) => return Vec::new(),
        (None, Some(_)) => return vec![(Some(7), "width".into())],
        (Some(_), None) => return vec![(Some(7), "height".into())],
        (Some(width), Some(height)) => (integer(width), integer(height)),
    };
    let wrong = |code: u32, width: bool, height: bool| {
        let sides = [(width, "width"), (height, "height")];
        sides.into_iter().filter(|(wrong, _)| *wrong).map(|(_, name)| (Some(code), name.to_owned())).collect()
    };
    let (Some(w), Some(h)) = (width, height) else { return wrong(8, width.is_none(), height.is_none()) };
    if w <= 0 || h <= 0 {
        return wrong(5, w <= 0, h <= 0);
    }
    let mut found = Vec::new();
    if w > 3 * h || h > 3 * w {
        found.push((Some(6), "size".into()));
    }
    // (The sides are below 2^64 here. A product beyond 128 bits is beyond the limit too.)
    if w.checked_mul(h).is_none_or(|area| !(262_144..=4_194_304).contains(&area)) {
        found.push((Some(9), "size".into()));
    }
    found
}

#[expect(clippy::cast_possible_truncation, reason = "the floats above are small")]
fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) if number.is_f64() => {
            number.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i128)
        }
        Value::Number(number) => number.as_i128(),
        _ => None,
    }
}

fn verdict_of(report: &Report) -> (Vec<(Option<u32>, String)>, bool) {
    let code = |number: u32| number - 3_001_000;
    let violations = report.violations.iter();
    (
        violations.map(|found| (found.code.map(|found| code(found.number())), found.field.to_string())).collect(),
        !report.warnings.is_empty(),
    )
}

fn request() -> impl Strategy<Value = Request> {
    let side = || option::weighted(0.8, prop_oneof![3 => 1_u32..4200, 1 => any::<u32>()]);
    let seed = option::of(prop_oneof![3 => -3_i64..4, 1 => any::<i64>()]);
    (prompt(), option::of(any::<bool>()), seed, side(), side()).prop_map(
        |(prompt, use_pre_llm, seed, width, height)| {
            let mut request = Request::new(prompt);
            (request.use_pre_llm, request.seed, request.width, request.height) = (use_pre_llm, seed, width, height);
            request
        },
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn parameters_get_the_verdict_of_the_protocol(parameters in parameters()) {
        let expected = verdict(&parameters);
        let text = Value::Object(parameters).to_string();
        let report = Report::of_json(&text);
        prop_assert_eq!(verdict_of(&report), expected, "{}", text);
        prop_assert_eq!(report.is_valid(), Request::from_json(&text).is_ok());
    }

    #[test]
    fn sizes_near_the_bounds_get_the_verdict_of_the_protocol(
        (width, height) in prop_oneof![
            (1_i128..4200, 1_i128..4200),
            // Near the bounds of the area and of the ratio.
            (300_i128..900, -2_i128..3).prop_map(|(width, more)| (width, 262_144 / width + more)),
            (1200_i128..3500, -2_i128..3).prop_map(|(width, more)| (width, 4_194_304 / width + more)),
            (290_i128..1200, -2_i128..3).prop_map(|(height, more)| (3 * height + more, height)),
            (290_i128..1200, -2_i128..3).prop_map(|(width, more)| (width, 3 * width + more)),
        ]
    ) {
        let parameters = json!({"prompt": "a", "width": width, "height": height});
        let expected = verdict(parameters.as_object().unwrap());
        prop_assert_eq!(verdict_of(&Report::of_json(&parameters.to_string())), expected, "{}x{}", width, height);
    }

    #[test]
    fn a_typed_request_gets_the_verdict_of_its_json(request in request()) {
        let verdict = request.validate();
        prop_assert_eq!(&Report::of_json(&serde_json::to_string(&request).unwrap()), &verdict);
        let body = wire::create_body(&request);
        let create = wire::Create::parse(body.as_bytes()).unwrap();
        prop_assert_eq!(&create.parameters.check(), &verdict);
        if verdict.is_valid() {
            prop_assert_eq!(Request::from_parameters(&create.parameters).unwrap(), request);
        }
    }
}
