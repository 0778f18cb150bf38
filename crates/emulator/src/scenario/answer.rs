//! A step as an HTTP answer.

use axum::http::StatusCode;

use super::case::{Step, bytes_of};
use super::placeholder::{self, Values};

/// An answer, ready to be sent.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn of(step: &Step, values: &Values) -> Self {
        let mut headers: Vec<(String, String)> =
            step.headers.iter().map(|(name, value)| (name.clone(), values.fill(value))).collect();
        let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let (kind, mut body) = if let Some(json) = &step.json {
            ("application/json", values.fill_all(json).to_string().into_bytes())
        } else if let Some(text) = &step.text {
            ("application/json", values.fill(&text.joined()).into_bytes())
        } else if let Some(hex) = &step.hex {
            ("application/octet-stream", bytes_of(hex).unwrap_or_default())
        } else if let Some((width, height)) = step.png.as_deref().and_then(placeholder::sides) {
            ("image/png", placeholder::png(width, height))
        } else {
            ("", Vec::new())
        };
        if !has_type && !kind.is_empty() {
            headers.push(("Content-Type".to_owned(), kind.to_owned()));
        }
        if let Some((from, to)) = step.slice {
            let to = to.min(body.len());
            body = body[from.min(to)..to].to_vec();
        }
        Self { status: step.status.unwrap_or(200), headers, body }
    }

    /// The head in HTTP/1.1, with what it says of the body's length.
    pub(super) fn head(&self, step: &Step) -> String {
        let reason = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason.unwrap_or("Odd"));
        for (name, value) in &self.headers {
            head.extend([name.as_str(), ": ", value, "\r\n"]);
        }
        if step.chunked {
            head += "Transfer-Encoding: chunked\r\n";
        } else {
            let length = step.content_length.unwrap_or(self.body.len() as u64);
            head.extend(["Content-Length: ", &length.to_string(), "\r\n"]);
        }
        head + "\r\n"
    }
}
