//! What is told about the model, in the words of the specification and with the bounds of the core's rules.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;
use spark_t2i_core::limits::{
    FEWEST_PIXELS, LONGEST_SIDE, MOST_CHARACTERS, MOST_PIXELS, RECOMMENDED_CHARACTERS, SHORTEST_SIDE, WIDEST_RATIO,
};
use spark_t2i_core::wire::{CREATE_PATH, MODEL, TASK_PATH, create_body};
use spark_t2i_core::{Code, Request, Size};

pub(crate) const NAME: &str = "Spark T2I 3.0";
pub(crate) const VENDOR: &str = "spark";
pub(crate) const TYPE: &str = "image";
pub(crate) const INPUT: &str = "text";
pub(crate) const OUTPUT: &str = "image";
pub(crate) const DESCRIPTION: &str = "Generates one image from a prompt in Chinese or English (text-to-image).";

/// A parameter as clients read it: what is not listed they do not send, and what is out of bounds they refuse.
#[derive(Serialize)]
pub(crate) struct Parameter {
    name: &'static str,
    path: String,
    #[serde(rename = "type")]
    kind: &'static str,
    required: bool,
    description: String,
    constraints: Constraints,
}

#[derive(Serialize, Default)]
struct Constraints {
    /// No parameter is one of a list. There all the same: clients go through it.
    #[serde(rename = "enum")]
    choices: [&'static str; 0],
    #[serde(skip_serializing_if = "Value::is_null")]
    default: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_length: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_length: Option<usize>,
}

impl Parameter {
    fn new(name: &'static str, kind: &'static str, description: String, constraints: Constraints) -> Self {
        let path = format!("input[0].params.{name}");
        Self { name, path, kind, required: false, description, constraints }
    }
}

/// All parameters of the specification. `model` is none of them: clients send it beside.
pub(crate) fn parameters() -> [Parameter; 5] {
    let prompt = format!(
        "What the image shows, in Chinese or English. At most {MOST_CHARACTERS} characters, of which \
         {RECOMMENDED_CHARACTERS} are recommended"
    );
    let length = Constraints { min_length: Some(1), max_length: Some(MOST_CHARACTERS), ..Constraints::default() };
    let use_pre_llm = "Whether the prompt is expanded first: recommended for short prompts".to_owned();
    let seed = "The same positive seed with the same parameters most probably gives the same image; -1 is random; \
        0 is not allowed"
        .to_owned();
    let seeds = Constraints { default: (-1).into(), min: Some(-1), max: Some(i64::MAX), ..Constraints::default() };
    let side = |name, of, other, default: u32| {
        let description = format!(
            "{of} of the image in pixels, only together with {other}. The area must lie between {FEWEST_PIXELS} and \
             {MOST_PIXELS} pixels, the aspect ratio between 1:{WIDEST_RATIO} and {WIDEST_RATIO}:1"
        );
        let (min, max) = (Some(SHORTEST_SIDE.into()), Some(LONGEST_SIDE.into()));
        let bounds = Constraints { default: default.into(), min, max, ..Constraints::default() };
        Parameter::new(name, "integer", description, bounds)
    };
    let Size { width, height } = Size::DEFAULT;
    [
        Parameter { required: true, ..Parameter::new("prompt", "string", prompt, length) },
        Parameter::new(
            "use_pre_llm",
            "boolean",
            use_pre_llm,
            Constraints { default: true.into(), ..Constraints::default() },
        ),
        Parameter::new("seed", "integer", seed, seeds),
        side("width", "Width", "height", width),
        side("height", "Height", "width", height),
    ]
}

/// Whether a search for these words finds the model: each of them has to be somewhere in what is told about it.
pub(crate) fn is_about(words: &str) -> bool {
    let told = format!("{MODEL} {NAME} {VENDOR} t2i {DESCRIPTION}").to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| told.contains(word))
}

/// The manual of the model.
pub(crate) fn markdown() -> String {
    let example = create_body(&Request::new("a red fox in the snow").size(2560, 1440).seed(42));
    let mut text = format!(
        "# {MODEL}\n\n{DESCRIPTION}\n\n## Create a task\n\n`POST {CREATE_PATH}` with `Authorization: Bearer KEY`:\n\n\
         ```json\n{example}\n```\n\nThe answer names the task's `id`. `GET {TASK_PATH}{{id}}` tells its `status` \
         (`in_progress`, `completed`, `failed`); a completed task has the image's URL in \
         `output[].content[].url`.\n\n## Parameters\n\n| name | type | required | default | description |\n\
         |---|---|---|---|---|\n"
    );
    let mut line = |line: std::fmt::Arguments<'_>| {
        text.write_fmt(line).and_then(|()| text.write_char('\n')).expect("writing to a String cannot fail");
    };
    for Parameter { name, kind, required, description, constraints, .. } in parameters() {
        let (required, default) = (if required { "yes" } else { "no" }, constraints.default);
        let default = if default.is_null() { String::new() } else { default.to_string() };
        line(format_args!("| `{name}` | {kind} | {required} | {default} | {description} |"));
    }
    line(format_args!("\n## Recommended sizes\n\n| aspect ratio | pixels |\n|---|---|"));
    for preset in Size::PRESETS {
        line(format_args!("| {} | {} × {} |", preset.name, preset.size.width, preset.size.height));
    }
    line(format_args!("\n## Error codes\n\n| code | description |\n|---|---|"));
    for (code, description) in Code::TABLE {
        line(format_args!("| {code} | {description} |"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_the_model_by_any_of_its_words() {
        for words in ["", "  ", "spark", "SPARK_T2I_3_0", "image text", "t2i", "3.0", "text-to-image chinese"] {
            assert!(is_about(words), "{words}");
        }
        for words in ["video", "spark video", "雪"] {
            assert!(!is_about(words), "{words}");
        }
    }

    #[test]
    fn the_manual_has_every_parameter_and_every_code() {
        let text = markdown();
        assert!(text.starts_with("# spark_t2i_3_0\n"));
        for parameter in parameters() {
            assert!(text.contains(&format!("\n| `{}` | ", parameter.name)), "{}", parameter.name);
        }
        for code in ["003001001", "003001009", "003001099"] {
            assert!(text.contains(&format!("\n| {code} | ")), "{code}");
        }
        assert!(text.contains("\n| 16:9-2k | 2560 × 1440 |\n"));
    }
}
