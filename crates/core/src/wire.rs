//! The wire: where requests go, what they hold, and what an answer with an error status means.

use serde::Serialize;

use crate::json::{self, Object, Unreadable};
use crate::{Code, Error, ErrorKind, Parameters, Request, ServerError, TaskId, Violation, printable};

/// The model of the specification.
pub const MODEL: &str = "spark_t2i_3_0";

/// The service's own base URL.
pub const DEFAULT_BASE_URL: &str = "https://cloud.vtrix.ai";

/// `POST`: creates a task.
pub const CREATE_PATH: &str = "/model/v1/generation";

/// `POST`: estimates the cost of a create, with the same body.
pub const ESTIMATE_PATH: &str = "/model/v1/generation/precharge";

/// `GET`, with the task's id behind it: reads a task.
pub const TASK_PATH: &str = "/model/v1/generation/task/";

/// The path of one task. An id cannot leave its segment: see [`TaskId`].
pub fn task_path(id: &TaskId) -> String {
    format!("{TASK_PATH}{id}")
}

/// The body of a create or an estimate: only what the caller set, the prompt as it was given.
pub fn create_body(request: &Request) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        model: &'a str,
        input: [Input<'a>; 1],
    }
    #[derive(Serialize)]
    struct Input<'a> {
        params: &'a Request,
    }
    serde_json::to_string(&Body { model: &request.model, input: [Input { params: request }] })
        .expect("texts, numbers and booleans always serialise")
}

/// A create's body as a server reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create<'a> {
    /// The model, if the body names one.
    pub model: Option<String>,
    /// The parameters, with no unknown ones: clients send extra keys, and a server passes over them.
    pub parameters: Parameters<'a>,
}

impl<'a> Create<'a> {
    /// Reads the parameters in the wrapped form (`{"model":…,"input":[{"params":{…}}]}`) or flat beside `model`.
    ///
    /// # Errors
    /// When the body is not a JSON object in UTF-8, or `input` is there and holds no parameters.
    pub fn parse(body: &'a [u8]) -> Result<Self, Unreadable> {
        let body = std::str::from_utf8(body).map_err(|error| Unreadable(format!("not UTF-8: {error}")))?;
        let object = Object::parse(body)?;
        let mut parameters = match object.get("input") {
            Some(input) => {
                let inputs = json::elements(input);
                let first = inputs.first().and_then(|first| Object::of(first));
                let wrapped = first.as_ref().and_then(|first| first.object("params")).or(first);
                Parameters::from_object(&wrapped.ok_or_else(|| Unreadable("input holds no parameters".to_owned()))?)
            }
            None => Parameters::from_object(&object),
        };
        parameters.unknown.clear();
        Ok(Self { model: object.text("model"), parameters })
    }
}

/// The error that an HTTP answer with an error status means, for a call that created nothing.
///
/// (For a create, whoever sent it knows better: a 5xx there leaves open whether a task was made.)
pub fn rejection(status: u16, body: &[u8]) -> Error {
    let mut said = Said::read(body);
    // Some gateways repeat the HTTP status as the code; the specification's codes are none of these.
    said.code = said.code.filter(|code| code.number() != u32::from(status));
    let kind = match status {
        _ if said.balance => ErrorKind::InsufficientBalance,
        400 | 422 => ErrorKind::InvalidRequest,
        401 => ErrorKind::Authentication,
        402 => ErrorKind::InsufficientBalance,
        403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        429 => ErrorKind::RateLimited,
        408 | 425 | 500.. => ErrorKind::Connection,
        _ => ErrorKind::Protocol,
    };
    let reason = said.message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
    let message = match kind {
        ErrorKind::InvalidRequest => format!("the service refused the request{reason}"),
        ErrorKind::Authentication => {
            format!("the service refused the API key (HTTP {status}{reason}); check SPARK_T2I_API_KEY")
        }
        ErrorKind::InsufficientBalance => format!("the account's balance does not cover this (HTTP {status}{reason})"),
        ErrorKind::Permission => format!("the API key may not do this (HTTP {status}{reason})"),
        ErrorKind::NotFound => format!("the service does not know this address (HTTP 404{reason})"),
        ErrorKind::RateLimited => format!("the service limits the rate of requests (HTTP 429{reason})"),
        ErrorKind::Connection => format!("the service cannot answer now (HTTP {status}{reason})"),
        _ => format!("unexpected answer (HTTP {status}{reason})"),
    };
    let violations = match (kind, said.code.and_then(|code| field_of(code).map(|field| (code, field)))) {
        (ErrorKind::InvalidRequest, Some((code, field))) => {
            let message = said.message.unwrap_or_else(|| code.description().unwrap_or_default().to_owned());
            vec![Violation { code: Some(code), field: field.into(), message }]
        }
        _ => Vec::new(),
    };
    Error::new(kind, message).with_http_status(status).with_code(said.code).with_violations(violations)
}

/// The reason that a body gives, whatever its form; for the message of an error.
pub fn reason(body: &[u8]) -> Option<String> {
    Said::read(body).message
}

/// What the body of a refusal says, in any of the forms that gateways use.
#[derive(Default)]
struct Said {
    code: Option<Code>,
    message: Option<String>,
    balance: bool,
}

impl Said {
    fn read(body: &[u8]) -> Self {
        Object::in_answer(body, |object, _| Self::of(object)).unwrap_or_default()
    }

    fn of(object: &Object<'_>) -> Self {
        let envelope = object.object("status");
        let number = |name| envelope.as_ref().and_then(|envelope| envelope.get(name)).and_then(json::unsigned);
        let (status, detail) = (number("code"), number("error_code"));
        let enveloped = || {
            // An envelope's `code` repeats the HTTP status; only its `error_code` tells more.
            let error = ServerError::of_object(envelope.as_ref()?)?;
            Some(ServerError { code: detail.and_then(Code::new), ..error })
        };
        let error = object.get("error").and_then(ServerError::decode).or_else(enveloped);
        let error = error.or_else(|| ServerError::of_object(object));
        let code = error.as_ref().and_then(|error| error.code);
        Self {
            code,
            balance: [status, detail, code.map(|code| u64::from(code.number()))]
                .into_iter()
                .flatten()
                .any(|code| code == 402 || code / 100 == 402),
            message: error.map(|error| printable(&error.message, 500)),
        }
    }
}

/// The parameter that a code of the specification speaks of.
fn field_of(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::MISSING_PROMPT | Code::INVALID_PROMPT => "prompt",
        Code::INVALID_USE_PRE_LLM => "use_pre_llm",
        Code::INVALID_SEED => "seed",
        Code::INVALID_SIZE
        | Code::INVALID_ASPECT_RATIO
        | Code::INCOMPLETE_SIZE
        | Code::SIZE_NOT_INTEGER
        | Code::SIZE_OUT_OF_RANGE => "size",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Given;

    #[test]
    fn only_what_was_set_is_sent() {
        assert_eq!(
            create_body(&Request::new("a \"fox\" 雪")),
            r#"{"model":"spark_t2i_3_0","input":[{"params":{"prompt":"a \"fox\" 雪"}}]}"#
        );
        assert_eq!(
            create_body(&Request::new("a").model("other").size(1, 2).seed(-1).use_pre_llm(false)),
            r#"{"model":"other","input":[{"params":{"prompt":"a","use_pre_llm":false,"seed":-1,"width":1,"height":2}}]}"#
        );
    }

    #[test]
    fn a_server_reads_the_wrapped_and_the_flat_form() {
        for body in [
            r#"{"model":"m","input":[{"params":{"prompt":"a","seed":7.0}}],"moderation":true}"#,
            r#"{"model":"m","input":{"params":{"prompt":"a","seed":7,"metadata":{}}}}"#,
            r#"{"model":"m","prompt":"a","seed":7,"metadata":{},"id":"x"}"#,
        ] {
            let create = Create::parse(body.as_bytes()).unwrap();
            assert_eq!(create.model.as_deref(), Some("m"));
            assert_eq!(
                create.parameters,
                Parameters { prompt: Given::Text("a".into()), seed: Given::Integer(7), ..Parameters::default() },
                "{body}"
            );
        }
        for body in ["", "[]", "null", r#"{"input":[]}"#, r#"{"input":7}"#, "\u{7f}"] {
            assert!(Create::parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn refusals_are_understood_in_every_seen_form() {
        let table = [
            (
                400,
                r#"{"error":{"code":3001002,"error_message":"too long"}}"#,
                ErrorKind::InvalidRequest,
                Some("003001002"),
                "too long",
            ),
            (
                422,
                r#"{"error":{"code":"003001004","message":"bad seed"}}"#,
                ErrorKind::InvalidRequest,
                Some("003001004"),
                "bad seed",
            ),
            (401, r#"{"message":"no key"}"#, ErrorKind::Authentication, None, "no key"),
            (401, r#"{"error":"no key"}"#, ErrorKind::Authentication, None, "no key"),
            (
                403,
                r#"{"status":{"code":402,"message":"top up","error_code":40201},"data":null}"#,
                ErrorKind::InsufficientBalance,
                Some("000040201"),
                "top up",
            ),
            (402, "", ErrorKind::InsufficientBalance, None, "402"),
            (403, "<html>", ErrorKind::Permission, None, "403"),
            (404, "", ErrorKind::NotFound, None, "404"),
            (429, "slow down", ErrorKind::RateLimited, None, "429"),
            (503, "<html>", ErrorKind::Connection, None, "503"),
            (418, "", ErrorKind::Protocol, None, "418"),
        ];
        for (status, body, kind, code, words) in table {
            let error = rejection(status, body.as_bytes());
            assert_eq!(error.kind(), kind, "{status} {body}");
            assert_eq!(error.code().map(|code| code.to_string()).as_deref(), code, "{status} {body}");
            assert_eq!(error.http_status(), Some(status));
            assert!(error.message().contains(words), "{error}");
        }
        assert_eq!(rejection(400, br#"{"error":{"code":3001004,"message":"x"}}"#).violations()[0].field, "seed");
    }
}
