//! Every fault there is. What the help page, the README and the counters say of one comes from here.

use crate::stats::Kind::{self, Create, Estimate, Image, Status};

pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) kinds: &'static [Kind],
    pub(super) effect: Effect,
}

pub(super) enum Effect {
    /// In place of the service, which never sees the request.
    Before(Before),
    /// The service does what it was asked, and its answer is spoiled.
    After(After),
}

pub(super) enum Before {
    Reset,
    Status(u16),
    /// With `Retry-After: 1`.
    Busy(u16),
    /// A page of HTML, as proxies write it.
    Page(u16),
    Elsewhere,
    Loop,
}

pub(super) enum After {
    Reset,
    Close,
    Hang,
    Status(u16),
    Page(u16),
    Empty,
    SlowHead,
    SlowBody,
    CutJson,
    CutBody,
    ResetInBody,
    HangInBody,
    WrongSize,
    NotUtf8,
    Edit(Edit),
}

/// What becomes of an answer that is JSON before and after.
#[derive(Clone, Copy)]
pub(super) enum Edit {
    NoId,
    OddStatus,
    StaleStatus,
    OddProgress,
    EmptyCost,
}

impl After {
    /// Whether the client gets nothing of what it asked for, so that it is not to be counted as told or sent.
    pub(super) fn is_lost(&self, kind: Kind) -> bool {
        match self {
            Self::Reset | Self::Close | Self::Hang | Self::Status(_) | Self::Page(_) | Self::Empty => true,
            // Half of an image is something, half of a task's state nothing.
            Self::CutJson | Self::CutBody | Self::ResetInBody | Self::HangInBody => kind != Image,
            Self::Edit(edit) => matches!(edit, Edit::OddStatus | Edit::StaleStatus),
            Self::SlowHead | Self::SlowBody | Self::WrongSize | Self::NotUtf8 => false,
        }
    }
}

const API: &[Kind] = &[Create, Estimate, Status];
const EVERY: &[Kind] = &[Create, Estimate, Status, Image];

pub(super) const TABLE: &[Known] = &[
    before("reset-before-accept", EVERY, Before::Reset, "the connection is reset when the request was read"),
    before("http-401", API, Before::Status(401), "401, as for a wrong key"),
    before("http-402", &[Create, Estimate], Before::Status(402), "402, as for an empty account"),
    before("http-403", EVERY, Before::Status(403), "403; of an image, as for an address that has expired"),
    before("http-429", EVERY, Before::Busy(429), "429 with Retry-After: 1"),
    before("http-500", EVERY, Before::Status(500), "500"),
    before("http-502", EVERY, Before::Page(502), "502 with a page of HTML, as from a proxy"),
    before("http-503", EVERY, Before::Busy(503), "503 with Retry-After: 1"),
    before("http-503-bare", EVERY, Before::Status(503), "503 without Retry-After"),
    before("not-found", &[Status, Image], Before::Status(404), "404, as for a task or an image that is unknown"),
    before("redirect", EVERY, Before::Elsewhere, "307 to another host, http://elsewhere.invalid"),
    before("redirect-loop", &[Status, Image], Before::Loop, "307 to the same address"),
    after("reset-after-accept", EVERY, After::Reset, "the connection is reset in place of the answer"),
    after("close-after-accept", EVERY, After::Close, "the connection is closed in place of the answer"),
    after("hang-after-accept", EVERY, After::Hang, "no answer ever comes; the connection stays open"),
    after("http-500-after-accept", EVERY, After::Status(500), "500 in place of the answer"),
    after("http-504-after-accept", EVERY, After::Page(504), "504 with a page of HTML in place of the answer"),
    after("html-200", EVERY, After::Page(200), "200 with a page of HTML in place of the answer"),
    after("empty-200", EVERY, After::Empty, "200 with nothing in it"),
    after("slow-head", EVERY, After::SlowHead, "the answer comes 2 s late"),
    after("slow-body", EVERY, After::SlowBody, "the head comes at once, the body in 20 pieces over 2 s"),
    after("truncated-json", API, After::CutJson, "the JSON ends in its middle; HTTP is sound"),
    after("truncated-body", EVERY, After::CutBody, "the connection is closed in the middle of the body"),
    after("reset-in-body", EVERY, After::ResetInBody, "the connection is reset in the middle of the body"),
    after("hang-in-body", EVERY, After::HangInBody, "from the middle of the body on nothing comes any more"),
    after("not-utf8", API, After::NotUtf8, "one field of the JSON holds a byte that is not UTF-8"),
    after("no-id", &[Create, Status], After::Edit(Edit::NoId), "the JSON has no id"),
    after("odd-status", &[Status], After::Edit(Edit::OddStatus), "the task's status is a word of no specification"),
    after("stale-status", &[Status], After::Edit(Edit::StaleStatus), "the task is told as queued, wherever it stands"),
    after("odd-progress", &[Status], After::Edit(Edit::OddProgress), "the progress begins at 1.5 and falls"),
    after("empty-cost", &[Estimate, Status], After::Edit(Edit::EmptyCost), "the cost, where there is one, is \"\""),
    after("wrong-size", &[Image], After::WrongSize, "the file lacks its last 1000 bytes; HTTP is sound"),
];

const fn before(name: &'static str, kinds: &'static [Kind], effect: Before, description: &'static str) -> Known {
    Known { name, description, kinds, effect: Effect::Before(effect) }
}

const fn after(name: &'static str, kinds: &'static [Kind], effect: After, description: &'static str) -> Known {
    Known { name, description, kinds, effect: Effect::After(effect) }
}
