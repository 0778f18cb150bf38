use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use spark_t2i_core::printable;

use crate::answers::Refusal;
use crate::fault::Lost;
use crate::id::Id;
use crate::painter::{Picture, paint};
use crate::range::Wanted;
use crate::routes::{Context, segment};
use crate::stats::Kind;
use crate::task::{Phase, Record};

/// What a picture is painted from: a copy, so that nothing is locked, and a stopped emulator's store not kept alive,
/// while it is painted.
struct Commission {
    prompt: Box<str>,
    model: String,
    use_pre_llm: bool,
    seed: u64,
    width: u32,
    height: u32,
    size: u64,
}

impl Commission {
    fn of(record: &Record) -> Self {
        Self {
            prompt: record.prompt.clone(),
            model: record.model().to_owned(),
            use_pre_llm: record.use_pre_llm,
            seed: record.seed,
            width: record.size.width,
            height: record.size.height,
            size: record.file_size(),
        }
    }

    fn paint(&self) -> Vec<u8> {
        let use_pre_llm = if self.use_pre_llm { "true" } else { "false" };
        paint(&Picture {
            prompt: &self.prompt,
            seed: self.seed,
            width: self.width,
            height: self.height,
            text: &[("model", &self.model), ("use_pre_llm", use_pre_llm)],
        })
    }
}

/// `GET` and `HEAD` of a finished task's picture, which is painted now and kept by nobody.
pub(crate) async fn image(
    State(context): State<Context>,
    method: Method,
    file: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    lost: Option<Extension<Lost>>,
) -> Result<Response, Refusal> {
    let service = &context.service;
    service.counters.request(Kind::Image);
    let (now, file) = (service.clock.now(), segment(file));
    let found = file.strip_suffix(".png").and_then(Id::parse).and_then(|id| {
        let finished = |record: &Record| (record.phase(now) == Phase::Completed).then(|| Commission::of(record));
        Some((id, service.store.look(id, finished)??))
    });
    let (id, commission) = found.ok_or_else(|| {
        let message = format!("there is no finished image \"{}\"", printable(&file, 64));
        Refusal::new(StatusCode::NOT_FOUND, message)
    })?;
    let size = commission.size;
    // Strong: a task's picture is the same to the byte whenever it is painted, but for another version's painter.
    let etag = format!("\"{id}-{}\"", env!("CARGO_PKG_VERSION"));
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // A date, too, is not what this file is known by.
    let is_current = headers.get(IF_RANGE).is_none_or(|known| known.as_bytes() == etag.as_bytes());
    let wanted = match method {
        Method::GET if is_current => Wanted::read(text(RANGE), size),
        _ => Wanted::Whole,
    };
    let mut response = Response::builder().header(ETAG, etag).header(ACCEPT_RANGES, "bytes");
    let part = match wanted {
        Wanted::Whole => 0..size,
        Wanted::Part(part) => {
            let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            response = response.status(StatusCode::PARTIAL_CONTENT).header(CONTENT_RANGE, range);
            part
        }
        Wanted::Nothing => {
            let message = format!("the image has {size} bytes, and none of those asked for");
            let mut refusal = Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, message).into_response();
            let range = HeaderValue::try_from(format!("bytes */{size}")).expect("digits are a sound header value");
            refusal.headers_mut().insert(CONTENT_RANGE, range);
            return Ok(refusal);
        }
    };
    let response = response.header(CONTENT_TYPE, "image/png").header(CONTENT_LENGTH, part.end - part.start);
    let body = if method == Method::GET {
        let file = tokio::task::spawn_blocking(move || commission.paint()).await;
        let file = Bytes::from(file.map_err(|_| {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the painter failed; this is a bug of the emulator")
        })?);
        if lost.is_none() {
            service.counters.download();
        }
        let place = |byte: u64| usize::try_from(byte).expect("the file is in memory");
        Body::from(file.slice(place(part.start)..place(part.end)))
    } else {
        Body::empty()
    };
    Ok(response.body(body).expect("every header is sound ASCII"))
}
