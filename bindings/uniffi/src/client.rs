use std::sync::Arc;
use std::time::Duration;

use spark_t2i_bridge::{self as bridge, Argument, Error, Options, SaveOptions};
use uniffi::{Object, Record};

use crate::call::{NativeCall, NativeError, guarded};
use crate::values::{Report, Seconds, Stats, TaskSnapshot, Tell, Usage};

/// The options of a client; what is none has its default.
#[derive(Record)]
pub struct NativeOptions {
    pub api_key: Option<String>,
    pub base_url: Option<String>,
    pub connect_timeout: Option<Seconds>,
    pub request_timeout: Option<Seconds>,
    pub wait_timeout: Option<Seconds>,
    pub max_retries: Option<i64>,
    pub max_requests_per_second: Option<f64>,
    pub poll_cost: Option<f64>,
    pub poll_interval: Option<Seconds>,
    pub latency_profile: Option<String>,
    pub max_in_flight: Option<i64>,
    pub headers: std::collections::HashMap<String, String>,
    pub proxy: Option<String>,
    pub ca_bundle: Option<String>,
    pub user_agent_suffix: Option<String>,
    pub on_outcome_unknown: Option<String>,
}

/// The parameters of a request, as far as they are given.
#[derive(Record)]
pub struct NativeRequest {
    /// None where it is not well-formed Unicode.
    pub prompt: Option<String>,
    pub width: Option<i64>,
    pub height: Option<i64>,
    pub seed: Option<i64>,
    pub use_pre_llm: Option<bool>,
    pub model: Option<String>,
}

pub(crate) fn text(text: Option<String>) -> Argument {
    text.map_or(Argument::Absent, Argument::Text)
}

pub(crate) fn number(number: Option<f64>) -> Argument {
    number.map_or(Argument::Absent, Argument::Number)
}

pub(crate) fn integer(number: Option<i64>) -> Argument {
    number.map_or(Argument::Absent, |number| Argument::Integer(number.into()))
}

pub(crate) fn map<const N: usize>(pairs: [(&str, Argument); N]) -> Argument {
    Argument::Map(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

pub(crate) fn seconds(span: Option<Seconds>) -> Argument {
    number(span.map(|span| span.0))
}

fn timeout(span: Option<Seconds>) -> Result<Option<Duration>, Error> {
    bridge::timeout(seconds(span))
}

impl NativeOptions {
    fn read(self) -> Result<Options, Error> {
        let headers = self.headers.into_iter().map(|(name, value)| (name, Argument::Text(value))).collect();
        Options::by_name(map([
            ("api_key", text(self.api_key)),
            ("base_url", text(self.base_url)),
            ("connect_timeout", seconds(self.connect_timeout)),
            ("request_timeout", seconds(self.request_timeout)),
            ("wait_timeout", seconds(self.wait_timeout)),
            ("max_retries", integer(self.max_retries)),
            ("max_requests_per_second", number(self.max_requests_per_second)),
            ("poll_cost", number(self.poll_cost)),
            ("poll_interval", seconds(self.poll_interval)),
            ("latency_profile", text(self.latency_profile)),
            ("max_in_flight", integer(self.max_in_flight)),
            ("headers", Argument::Map(headers)),
            ("proxy", text(self.proxy)),
            ("ca_bundle", text(self.ca_bundle)),
            ("user_agent_suffix", text(self.user_agent_suffix)),
            ("on_outcome_unknown", text(self.on_outcome_unknown)),
        ]))
    }
}

impl NativeRequest {
    /// The parameters, and the model.
    fn parameters(self) -> (Argument, Option<String>) {
        let prompt = self.prompt.map_or_else(|| Argument::IllFormedText("?".into()), Argument::Text);
        let parameters = [
            ("prompt", Some(prompt)),
            ("width", self.width.map(|number| Argument::Integer(number.into()))),
            ("height", self.height.map(|number| Argument::Integer(number.into()))),
            ("seed", self.seed.map(|number| Argument::Integer(number.into()))),
            ("use_pre_llm", self.use_pre_llm.map(Argument::Boolean)),
        ];
        let given = parameters.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        (Argument::Map(given.collect()), self.model)
    }

    fn read(self) -> Result<bridge::Request, Error> {
        let (parameters, model) = self.parameters();
        bridge::request(&parameters, model)
    }
}

/// The verdict on a request.
#[uniffi::export]
pub fn native_validate(request: NativeRequest) -> Result<Report, NativeError> {
    guarded(|| Ok(bridge::report(&request.parameters().0).tell()))
}

/// The verdict on parameters in JSON.
#[uniffi::export]
pub fn native_validate_json(json: String) -> Result<Report, NativeError> {
    guarded(|| Ok(bridge::report(&Argument::Text(json)).tell()))
}

/// Width and height of an image.
#[derive(Record)]
pub struct NativeSize {
    pub width: u32,
    pub height: u32,
}

/// Width and height of a preset's name or of `WIDTHxHEIGHT`.
#[uniffi::export]
pub fn native_size(text: String) -> Result<NativeSize, NativeError> {
    guarded(|| bridge::size(&text).map(|size| NativeSize { width: size.width, height: size.height }))
}

/// The version of this library.
#[uniffi::export]
pub fn native_version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// A client.
#[derive(Object)]
pub struct NativeClient(bridge::Client);

#[uniffi::export]
impl NativeClient {
    /// Nothing is sent.
    #[uniffi::constructor]
    pub fn new(options: NativeOptions) -> Result<Arc<Self>, NativeError> {
        guarded(|| Ok(Arc::new(Self(bridge::Client::new(options.read()?)?))))
    }

    /// How many requests shall be under way at once.
    pub fn max_in_flight(&self) -> u64 {
        self.0.max_in_flight() as u64
    }

    /// Submits and waits.
    pub fn generate(
        &self,
        request: NativeRequest,
        timeout: Option<Seconds>,
        watch: bool,
    ) -> Result<Arc<NativeCall>, NativeError> {
        NativeCall::begin(|| Ok(self.0.generate(request.read()?, self::timeout(timeout)?, watch)))
    }

    /// Submits, and does not wait.
    pub fn submit(&self, request: NativeRequest, timeout: Option<Seconds>) -> Result<Arc<NativeCall>, NativeError> {
        NativeCall::begin(|| Ok(self.0.submit(request.read()?, self::timeout(timeout)?)))
    }

    /// What the request would probably cost.
    pub fn estimate(&self, request: NativeRequest, timeout: Option<Seconds>) -> Result<Arc<NativeCall>, NativeError> {
        NativeCall::begin(|| Ok(self.0.estimate(request.read()?, self::timeout(timeout)?)))
    }

    /// The task with this id. Nothing is sent.
    pub fn task(&self, id: String) -> Result<Arc<NativeTask>, NativeError> {
        guarded(|| Ok(Arc::new(NativeTask(self.0.task(&id)?))))
    }

    /// What this client has done.
    pub fn stats(&self) -> Result<Stats, NativeError> {
        guarded(|| Ok(self.0.stats()?.tell()))
    }
}

/// A task.
#[derive(Object)]
pub struct NativeTask(pub(crate) bridge::Task);

#[uniffi::export]
impl NativeTask {
    /// The id.
    pub fn id(&self) -> String {
        self.0.id().to_string()
    }

    /// What the service last said of it.
    pub fn snapshot(&self) -> Option<TaskSnapshot> {
        self.0.snapshot().map(|task| task.as_ref().tell())
    }

    /// How late its end was noticed.
    pub fn lag(&self) -> Option<Seconds> {
        self.0.lag_seconds().map(Seconds)
    }

    /// The images of a task last seen completed.
    pub fn images(&self) -> Vec<Arc<NativeImage>> {
        self.0.images().into_iter().map(|image| Arc::new(NativeImage(image))).collect()
    }

    /// Waits for the end.
    pub fn wait(&self, timeout: Option<Seconds>, watch: bool) -> Result<Arc<NativeCall>, NativeError> {
        NativeCall::begin(|| Ok(self.0.wait(self::timeout(timeout)?, watch)))
    }

    /// Every event until the end.
    pub fn events(&self, timeout: Option<Seconds>) -> Result<Arc<NativeCall>, NativeError> {
        NativeCall::begin(|| Ok(self.0.events(self::timeout(timeout)?)))
    }

    /// Asks the service once.
    pub fn refresh(&self, timeout: Option<Seconds>) -> Result<Arc<NativeCall>, NativeError> {
        NativeCall::begin(|| Ok(self.0.refresh(self::timeout(timeout)?)))
    }
}

/// A finished image.
#[derive(Object)]
pub struct NativeImage(pub(crate) bridge::Image);

/// What is known of an image without fetching it.
#[derive(Record)]
pub struct NativeAboutImage {
    pub task_id: String,
    pub url: String,
    pub size: Option<u64>,
    pub job_id: Option<String>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub usage: Option<Usage>,
}

#[uniffi::export]
impl NativeImage {
    /// What is known of it.
    pub fn about(&self) -> NativeAboutImage {
        let about = self.0.about();
        NativeAboutImage {
            task_id: about.task_id.to_string(),
            url: about.url.clone(),
            size: about.size,
            job_id: about.job_id.clone(),
            width: about.width,
            height: about.height,
            usage: about.snapshot.usage.tell(),
        }
    }

    /// What the service said of the task.
    pub fn snapshot(&self) -> TaskSnapshot {
        self.0.about().snapshot.as_ref().tell()
    }

    /// Fetches it into memory.
    pub fn bytes(&self, timeout: Option<Seconds>) -> Result<Arc<NativeCall>, NativeError> {
        NativeCall::begin(|| Ok(self.0.bytes(self::timeout(timeout)?)))
    }

    /// Fetches it into a file.
    pub fn save(
        &self,
        path: String,
        overwrite: bool,
        add_extension: bool,
        timeout: Option<Seconds>,
    ) -> Result<Arc<NativeCall>, NativeError> {
        let options = SaveOptions::default().overwrite(overwrite).add_extension(add_extension);
        NativeCall::begin(|| {
            let timeout = self::timeout(timeout)?;
            Ok(self.0.save(path.into(), timeout.map_or(options, |timeout| options.timeout(timeout))))
        })
    }
}
