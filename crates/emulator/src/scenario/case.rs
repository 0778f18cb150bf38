//! A scenario as its file holds it. `tests/fixtures/scenario.schema.json` says the same with every word explained.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// A scenario: what is called, how the server behaves, and what must be seen. What only a runner reads stays JSON.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    #[serde(rename = "$schema", default)]
    _schema: Option<String>,
    pub(super) name: String,
    #[serde(rename = "about")]
    _about: String,
    #[serde(rename = "rows", default)]
    _rows: Vec<u8>,
    #[serde(rename = "options", default)]
    _options: Map<String, Value>,
    pub(super) call: Value,
    pub(super) server: Server,
    #[serde(rename = "expect")]
    _expect: Map<String, Value>,
    pub(super) requests: BTreeMap<Kind, Value>,
    /// Tasks that the server took; without it, at most one for each job of the call.
    #[serde(default)]
    pub(super) charges: Option<Value>,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Create,
    Status,
    Estimate,
    Image,
    /// Anything else at the base URL's origin.
    Other,
    /// Anything at the second origin.
    Elsewhere,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Server {
    pub(super) listen: Listen,
    pub(super) create: Vec<Step>,
    pub(super) status: Vec<Step>,
    pub(super) estimate: Vec<Step>,
    pub(super) image: Vec<Step>,
    pub(super) other: Vec<Step>,
    pub(super) elsewhere: Vec<Step>,
}

impl Server {
    pub(super) fn steps(&self, kind: Kind) -> &[Step] {
        match kind {
            Kind::Create => &self.create,
            Kind::Status => &self.status,
            Kind::Estimate => &self.estimate,
            Kind::Image => &self.image,
            Kind::Other => &self.other,
            Kind::Elsewhere => &self.elsewhere,
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Step> {
        [&self.create, &self.status, &self.estimate, &self.image, &self.other, &self.elsewhere].into_iter().flatten()
    }
}

/// How connections are met, before any request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Listen {
    /// What becomes of each connection in turn; the last stands for all that follow. None: all are accepted.
    pub(super) connections: Vec<Meeting>,
    /// HTTP/2 behind TLS instead of plain HTTP/1.1.
    pub(super) tls: Option<Certificate>,
    /// Nobody listens at the address.
    pub(super) refused: bool,
    /// Somebody listens, and no connection ever comes about.
    pub(super) unanswered: bool,
}

impl Listen {
    /// Whether the scenario needs an address of its own.
    pub(super) fn is_special(&self) -> bool {
        !self.connections.is_empty() || self.tls.is_some() || self.refused || self.unanswered
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Meeting {
    #[default]
    Accept,
    /// Reset before anything is read.
    Reset,
    /// Closed before anything is read.
    Close,
    /// Neither read nor closed.
    Silence,
    /// HTTP/2: told to go away before any stream is taken.
    Goaway,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Certificate {
    Valid,
    /// By an authority that the client was not told of.
    SelfSigned,
    WrongHost,
    Expired,
}

/// What one request, or several in turn, are answered.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Step {
    /// For so many requests; without `times` and `seconds` for one, and the last step for all that follow.
    pub(super) times: Option<u32>,
    /// Until so long after the first request of this kind.
    pub(super) seconds: Option<f64>,
    /// Whether the server took a create, and charges it; without it, whether it answers 2xx.
    pub(super) charge: Option<bool>,
    /// Before the head.
    pub(super) delay_seconds: f64,
    pub(super) status: Option<u16>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) json: Option<Value>,
    pub(super) text: Option<Text>,
    /// Bytes in hexadecimal.
    pub(super) hex: Option<String>,
    /// A picture of these sides, such as `64x48`.
    pub(super) png: Option<String>,
    /// The whole answer, byte for byte, in place of status, headers and body.
    pub(super) raw: Option<Text>,
    /// Only these bytes of the body, from the first up to, but not with, the second; the last may lie beyond the end.
    pub(super) slice: Option<(usize, usize)>,
    /// What `Content-Length` says, true or not.
    pub(super) content_length: Option<u64>,
    pub(super) chunked: bool,
    /// Sends only so many bytes of the body.
    pub(super) cut: Option<usize>,
    /// Sends the body in pieces.
    pub(super) pace: Option<Pace>,
    /// What follows the answer.
    pub(super) then: Then,
    /// No answer at all.
    pub(super) no_answer: Option<Then>,
    /// Closes the connection when it was idle for so long after this answer.
    pub(super) idle_close_seconds: Option<f64>,
    /// HTTP/2: resets the stream with this reason, such as `REFUSED_STREAM`.
    pub(super) reset_stream: Option<String>,
    /// HTTP/2: sends GOAWAY after taking the stream, and closes.
    pub(super) goaway: bool,
}

/// A text, or the pieces that it is joined from.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Whole(String),
    Pieces(Vec<Piece>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Piece {
    Once(String),
    Repeated { text: String, times: usize },
}

impl Text {
    pub(super) fn joined(&self) -> String {
        match self {
            Self::Whole(text) => text.clone(),
            Self::Pieces(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Once(text) => text.clone(),
                    Piece::Repeated { text, times } => text.repeat(*times),
                })
                .collect(),
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pace {
    pub(super) bytes: usize,
    pub(super) seconds: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Then {
    /// The connection stays open for the next request.
    #[default]
    Keep,
    Close,
    Reset,
    /// The connection stays open, and nothing more is said on it.
    Silence,
}

impl Case {
    /// Reads and checks a file; `name` is what the file is called.
    pub(super) fn read(name: &str, text: &str) -> Result<(Self, Value), String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let case = Self::of(value.clone())?;
        if case.name != name {
            return Err(format!("its name is \"{}\", and the file's is \"{name}\"", case.name));
        }
        Ok((case, value))
    }

    pub(super) fn of(value: Value) -> Result<Self, String> {
        let case: Self = serde_json::from_value(value).map_err(|error| error.to_string())?;
        for step in case.server.all() {
            step.check()?;
            let only_http2 = step.reset_stream.is_some() || step.goaway;
            if only_http2 && case.server.listen.tls.is_none() {
                return Err("reset_stream and goaway need server.listen.tls, where HTTP/2 is spoken".to_owned());
            }
        }
        Ok(case)
    }

    /// How many tasks the call may create.
    pub(super) fn jobs(&self) -> u64 {
        let many = self.call["requests"].as_array().map_or(1, Vec::len) as u64;
        many * self.call["copies"].as_u64().unwrap_or(1)
    }
}

impl Step {
    fn check(&self) -> Result<(), String> {
        let bodies = [self.json.is_some(), self.text.is_some(), self.hex.is_some(), self.png.is_some()];
        if bodies.iter().filter(|given| **given).count() > 1 {
            return Err("a step has one body: json, text, hex or png".to_owned());
        }
        let pace = self.pace.map_or(0.0, |pace| pace.seconds);
        let times = [self.delay_seconds, self.seconds.unwrap_or(0.0), self.idle_close_seconds.unwrap_or(0.0), pace];
        if !times.iter().all(|seconds| (0.0..=3600.0).contains(seconds)) {
            return Err("times are 0 to 3600 seconds".to_owned());
        }
        if self.pace.is_some_and(|pace| pace.bytes == 0) {
            return Err("a pace of 0 bytes never ends".to_owned());
        }
        if self.status.is_some_and(|status| !(100..=999).contains(&status)) {
            return Err("a status is 100 to 999".to_owned());
        }
        if self.hex.as_deref().is_some_and(|hex| bytes_of(hex).is_none()) {
            return Err("hex is pairs of hexadecimal digits".to_owned());
        }
        if self.png.as_deref().is_some_and(|png| super::placeholder::sides(png).is_none()) {
            return Err("png is WIDTHxHEIGHT, each 1 to 4096".to_owned());
        }
        if let Some(reason) = &self.reset_stream
            && super::secure::reason(reason).is_none()
        {
            return Err(format!("{reason} is no HTTP/2 error code known here"));
        }
        Ok(())
    }
}

/// The bytes that pairs of hexadecimal digits stand for.
pub(super) fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = hex
        .chars()
        .filter(|character| !character.is_whitespace())
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
