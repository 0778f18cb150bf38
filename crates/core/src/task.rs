use serde::Serialize;
use serde_json::value::RawValue;

use crate::json::{self, Object, Unreadable};
use crate::{Code, Decimal, Status, TaskId};

/// What one answer of the service said about a task.
///
/// Decoding is lenient (as the protocol page demands): of what a field may be, every form that servers are known to send
/// is read; what cannot be read is none and stays reachable in [`raw`](Self::raw). Serialised, it has the canonical
/// form in which all languages compare it: every field present, null where there is nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskSnapshot {
    /// The identifier; none where the answer has none, or one that cannot be an id.
    pub id: Option<TaskId>,
    /// The state.
    pub status: Status,
    /// The model.
    pub model: Option<String>,
    /// When the task was created, in Unix seconds.
    pub created_at: Option<i64>,
    /// How much is done, 0.0 to 1.0.
    pub progress: Option<f64>,
    /// The results, of a completed task.
    pub output: Vec<Output>,
    /// What it cost, of a completed task.
    pub usage: Option<Usage>,
    /// Why it failed.
    pub error: Option<ServerError>,
    /// The service's own times.
    pub metadata: Metadata,
    #[serde(skip)]
    raw: Box<str>,
}

/// One element of a task's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// What was generated.
    pub content: Vec<Content>,
}

/// One generated thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Content {
    /// What it is: `image`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Where it can be fetched.
    pub url: Option<String>,
    /// The size of the file in bytes.
    pub size: Option<u64>,
    /// The identifier of the job behind the task.
    #[serde(rename = "jobId")]
    pub job_id: Option<String>,
}

/// What a task used and cost.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Usage {
    /// The total cost in USD, exactly as the service gave it.
    pub cost: Option<Decimal>,
    /// The discount, as the service gave it.
    #[serde(serialize_with = "crate::decimal::as_number")]
    pub discount: Option<Decimal>,
    /// Tokens that went in.
    pub input_tokens: Option<u64>,
    /// Tokens that came out.
    pub output_tokens: Option<u64>,
    /// All tokens.
    pub total_tokens: Option<u64>,
}

/// The reason that the service gave for a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServerError {
    /// The code; none where there was none, or one that is no number of nine digits (it then stands in the message).
    pub code: Option<Code>,
    /// What happened, in the service's words.
    pub message: String,
}

/// The service's own times of a task, in Unix seconds with a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Metadata {
    /// When it was queued.
    pub in_queue_at: Option<f64>,
    /// When the image was stored.
    pub upload_at: Option<f64>,
    /// When it was completed.
    pub completed_at: Option<f64>,
}

impl TaskSnapshot {
    /// Reads the answer to a create or to a status request.
    ///
    /// # Errors
    /// When the body is not a JSON object in UTF-8. An answer without an id is none: whoever needs the id looks for it.
    pub fn decode(body: &[u8]) -> Result<Self, Unreadable> {
        Object::in_answer(body, Self::of)
    }

    fn of(object: &Object<'_>, raw: &str) -> Self {
        let error = object.get("error").and_then(ServerError::decode);
        let status = match Status::from_wire(&object.text("status").unwrap_or_default()) {
            Status::Completed if error.is_some() => Status::Failed,
            status => status,
        };
        let id = object.get("id").and_then(|id| json::text(id).or_else(|| json::number_text(id)));
        let metadata = object.object("metadata");
        let time = |name| metadata.as_ref().and_then(|metadata| metadata.get(name)).and_then(json::float);
        Self {
            id: id.and_then(|id| id.parse().ok()),
            status,
            model: object.text("model"),
            created_at: object.get("created_at").and_then(json::float).and_then(seconds),
            // (The sum makes 0.0 of -0.0.)
            progress: object.get("progress").and_then(json::float).map(|progress| progress.clamp(0.0, 1.0) + 0.0),
            output: object
                .get("output")
                .map(json::elements)
                .unwrap_or_default()
                .into_iter()
                .filter_map(Output::decode)
                .collect(),
            usage: object.object("usage").map(|usage| Usage::decode(&usage)),
            error,
            metadata: Metadata {
                in_queue_at: time("in_queue_at"),
                upload_at: time("upload_at"),
                completed_at: time("completed_at"),
            },
            raw: raw.into(),
        }
    }

    /// The answer's JSON text, with every field that this crate does not know. (Where a server wrote `NaN` or
    /// `Infinity`, which JSON does not have, it reads `null`.)
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Everything generated, in its order.
    pub fn contents(&self) -> impl Iterator<Item = &Content> {
        self.output.iter().flat_map(|output| &output.content)
    }

    /// The generated images that can be fetched, in their order.
    pub fn images(&self) -> impl Iterator<Item = &Content> {
        self.contents().filter(|content| content.is_image())
    }
}

/// Whole seconds; a number that is no time is none.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn seconds(time: f64) -> Option<i64> {
    (time.abs() < 1e15).then_some(time.floor() as i64)
}

impl Output {
    fn decode(value: &RawValue) -> Option<Self> {
        let output = Object::of(value)?;
        let content = output.get("content").map(json::elements).unwrap_or_default();
        Some(Self { content: content.into_iter().filter_map(Content::decode).collect() })
    }
}

impl Content {
    fn decode(value: &RawValue) -> Option<Self> {
        let content = Object::of(value)?;
        Some(Self {
            kind: content.text("type"),
            url: content.text("url").filter(|url| !url.is_empty()),
            size: content.get("size").and_then(json::unsigned),
            job_id: content.get("jobId").and_then(|id| json::text(id).or_else(|| json::number_text(id))),
        })
    }

    /// Whether this is an image that can be fetched; a missing type is taken for one.
    pub fn is_image(&self) -> bool {
        self.url.is_some() && self.kind.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("image"))
    }
}

impl Usage {
    fn decode(usage: &Object<'_>) -> Self {
        let decimal = |name| usage.get(name).and_then(json::number_text).and_then(|text| text.parse().ok());
        let tokens = |name| usage.get(name).and_then(json::unsigned);
        Self {
            cost: decimal("cost"),
            discount: decimal("discount"),
            input_tokens: tokens("input_tokens"),
            output_tokens: tokens("output_tokens"),
            total_tokens: tokens("total_tokens"),
        }
    }
}

impl ServerError {
    /// Reads an error in any of its forms; none where nothing is in it, as in `""`, `{}`, `[]` and `{"code":0}`.
    pub(crate) fn decode(value: &RawValue) -> Option<Self> {
        let in_words = |message: String| Self { code: None, message };
        match value.get().as_bytes().first()? {
            b'{' => {
                let error = Object::of(value)?;
                let unknown_form = || error.says_something().then(|| in_words(value.get().to_owned()));
                Self::of_object(&error).or_else(unknown_form)
            }
            // The first that says something. A list in the list is passed over: a hostile depth must cost nothing.
            b'[' => json::elements(value).into_iter().filter(|one| !one.get().starts_with('[')).find_map(Self::decode),
            b'"' => json::text(value).filter(|message| !message.trim().is_empty()).map(in_words),
            b'n' | b'f' => None,
            _ => (json::whole_number(value.get()) != Some(0)).then(|| in_words(value.get().to_owned())),
        }
    }

    pub(crate) fn of_object(error: &Object<'_>) -> Option<Self> {
        let given = || ["code", "error_code"].into_iter().filter_map(|name| error.get(name));
        let code = given().filter_map(json::unsigned).find_map(Code::new);
        // A code that is no number of nine digits; zero says that there is none.
        let word = given()
            .filter_map(|code| json::text(code).or_else(|| json::number_text(code)))
            .find(|word| !word.trim().is_empty() && json::whole_number(word.trim()) != Some(0))
            .filter(|_| code.is_none());
        let message = ["error_message", "message", "msg", "detail", "error"]
            .into_iter()
            .filter_map(|name| error.text(name))
            .find(|message| !message.trim().is_empty());
        let message = match (word, message) {
            (Some(word), Some(message)) => format!("{word}: {message}"),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => code?.description().unwrap_or("no reason given").to_owned(),
        };
        Some(Self { code, message })
    }
}
