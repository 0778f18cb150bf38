use serde::Serialize;

use crate::validate::{Given, Parameters, Report};
use crate::{Error, Size, wire};

/// One image to be generated: the model and the parameters of the specification.
///
/// Only what is set is sent; the defaults named here belong to the service.
///
/// ```
/// use spark_t2i_core::Request;
///
/// let request = Request::new("一只雪中的红狐").size(2560, 1440).seed(42).use_pre_llm(false);
/// assert!(request.validate().is_valid());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Request {
    /// The model; `spark_t2i_3_0` unless another is named.
    #[serde(skip)]
    pub model: String,
    /// What the image shows, in Chinese or English: 1 to 800 characters, at most 120 recommended. A character is a
    /// Unicode scalar value. It is sent as given.
    pub prompt: String,
    /// Whether the service expands and optimises the prompt first; its default is true. Recommended for short prompts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_pre_llm: Option<bool>,
    /// −1 (the service's default) for a random image, or 1 to 2^63−1: the same seed with the same parameters very
    /// probably gives a consistent image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// Pixels, default 1328; only together with `height`. `width` × `height` lies in 512×512 to 2048×2048 and the
    /// aspect ratio in 1:3 to 3:1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels, default 1328; only together with `width`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

impl Request {
    /// A request with this prompt and everything else left to the service.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self {
            model: wire::MODEL.to_owned(),
            prompt: prompt.into(),
            use_pre_llm: None,
            seed: None,
            width: None,
            height: None,
        }
    }

    /// Names another model; the rules stay the same.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// Sets width and height in pixels.
    pub fn size(self, width: u32, height: u32) -> Self {
        self.with_size(Size { width, height })
    }

    /// Sets width and height, for instance to a preset: `"16:9-2k".parse::<Size>()?`.
    pub fn with_size(mut self, size: Size) -> Self {
        (self.width, self.height) = (Some(size.width), Some(size.height));
        self
    }

    /// Sets the seed: −1 for a random one, or 1 to 2^63−1.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Says whether the service shall expand the prompt.
    pub fn use_pre_llm(mut self, use_pre_llm: bool) -> Self {
        self.use_pre_llm = Some(use_pre_llm);
        self
    }

    /// The size that the image will have: the one given, or the service's default.
    pub fn expected_size(&self) -> Size {
        match (self.width, self.height) {
            (Some(width), Some(height)) => Size { width, height },
            _ => Size::DEFAULT,
        }
    }

    /// Checks the request by the rules of the specification. Every violation is reported, not only the first.
    pub fn validate(&self) -> Report {
        let whole = |number: Option<i128>| number.map_or(Given::Null, Given::Integer);
        Parameters {
            prompt: Given::Text(self.prompt.as_str().into()),
            use_pre_llm: self.use_pre_llm.map_or(Given::Null, Given::Boolean),
            seed: whole(self.seed.map(i128::from)),
            width: whole(self.width.map(i128::from)),
            height: whole(self.height.map(i128::from)),
            unknown: Vec::new(),
        }
        .check()
    }

    /// The request that a JSON object of parameters stands for.
    ///
    /// # Errors
    /// `invalid_request` with every violation, an unknown parameter among them.
    pub fn from_json(parameters: &str) -> Result<Self, Error> {
        match Parameters::from_json(parameters) {
            Ok(parameters) => Self::from_parameters(&parameters),
            Err(unreadable) => Err(Report::unreadable(&unreadable).into_error()),
        }
    }

    /// The request that these parameters stand for.
    ///
    /// # Errors
    /// `invalid_request` with every violation, an unknown parameter among them.
    pub fn from_parameters(parameters: &Parameters<'_>) -> Result<Self, Error> {
        let report = parameters.check();
        if !report.is_valid() {
            return Err(report.into_error());
        }
        let Given::Text(prompt) = &parameters.prompt else {
            return Err(Error::internal("a prompt that is no text passed validation"));
        };
        Ok(Self {
            model: wire::MODEL.to_owned(),
            prompt: prompt.clone().into_owned(),
            use_pre_llm: parameters.use_pre_llm.boolean(),
            seed: parameters.seed.integer().and_then(|seed| i64::try_from(seed).ok()),
            width: parameters.width.integer().and_then(|width| u32::try_from(width).ok()),
            height: parameters.height.integer().and_then(|height| u32::try_from(height).ok()),
        })
    }
}
