//! Calls under way: waited for by a thread, or told to callbacks.

use std::ffi::c_void;
use std::process;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use spark_t2i_bridge::{
    self as bridge, AnyCall, Argument, Bytes, Courier, Error, ErrorKind, Generated, LogRecord, Many, Step,
};

use crate::client::spark_t2i_request;
use crate::handle::{
    Handle, Object, attempt, free_with, hand_out, out, put, spark_t2i_bytes, spark_t2i_call, spark_t2i_error,
    spark_t2i_estimate, spark_t2i_event, spark_t2i_image, spark_t2i_saved, spark_t2i_snapshot, spark_t2i_task, with,
};
use crate::logs;
use crate::record::{spark_t2i_event_fields, spark_t2i_result};
use crate::threads::starting;

/// How long a thread sleeps before it looks whether another one has taken the end.
const SLICE: Duration = Duration::from_millis(50);

/// What a call has come to. Of the handles at most one is not NULL; whoever gets this owns it.
#[repr(C)]
pub struct spark_t2i_outcome {
    /// How the call ended.
    pub result: spark_t2i_result,
    /// Why it failed.
    pub error: *mut spark_t2i_error,
    /// Of `generate` and `wait`.
    pub image: *mut spark_t2i_image,
    /// Of `submit`.
    pub task: *mut spark_t2i_task,
    /// Of `estimate`; NULL where the service has none, which is no error.
    pub estimate: *mut spark_t2i_estimate,
    /// Of `refresh`.
    pub snapshot: *mut spark_t2i_snapshot,
    /// Of `bytes`.
    pub bytes: *mut spark_t2i_bytes,
    /// Of `save`.
    pub saved: *mut spark_t2i_saved,
}

/// What became of one request of many. Whoever gets this owns the handle in it that is not NULL.
#[repr(C)]
pub struct spark_t2i_generated {
    /// Which request it was: how many came before it from the source.
    pub index: usize,
    /// How it ended.
    pub result: spark_t2i_result,
    /// The image.
    pub image: *mut spark_t2i_image,
    /// Why there is none.
    pub error: *mut spark_t2i_error,
}

/// What is told of a call, and to whom. Begin with `SPARK_T2I_CALLBACKS_INIT`; each function may be NULL.
///
/// All are called on the library's callback thread, one after the other, under no lock: they may call any function of this
/// library, but what blocks there holds up the callbacks of all calls. They must not unwind or jump out.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct spark_t2i_callbacks {
    /// The size of this struct, as the caller's compiler knows it.
    pub size: usize,
    /// Handed to each of them.
    pub user_data: *mut c_void,
    /// Something happened to the task. The event is valid until this returns.
    pub on_event: Option<unsafe extern "C" fn(user_data: *mut c_void, event: *const spark_t2i_event_fields)>,
    /// One request of many has ended. The handle in it belongs to this function, the struct is valid until it returns.
    pub on_generated: Option<unsafe extern "C" fn(user_data: *mut c_void, generated: *const spark_t2i_generated)>,
    /// The call has ended: the last callback, exactly once, unless the call is freed before. The handle in the outcome
    /// belongs to this function, the struct is valid until it returns.
    pub on_done: Option<unsafe extern "C" fn(user_data: *mut c_void, outcome: *const spark_t2i_outcome)>,
}

impl spark_t2i_callbacks {
    pub(crate) const NONE: Self =
        Self { size: 0, user_data: ptr::null_mut(), on_event: None, on_generated: None, on_done: None };
}

/// Gives the next request of many: writes it to `request`, which is `SPARK_T2I_REQUEST_INIT` before, and returns true; or
/// returns false when there are no more. `index` counts up from 0. What the request points to is copied when this returns.
pub type spark_t2i_source =
    Option<unsafe extern "C" fn(user_data: *mut c_void, index: usize, request: *mut spark_t2i_request) -> bool>;

/// Lets foreign code be called until it is closed, which waits for what is running.
pub(crate) struct Gate {
    state: Mutex<Passing>,
    changed: Condvar,
    process: u32,
}

#[derive(Default)]
struct Passing {
    closed: bool,
    by: Option<ThreadId>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), process: process::id() }
    }

    fn state(&self) -> MutexGuard<'_, Passing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls foreign code under no lock, unless it is closed. One thread at a time.
    pub(crate) fn pass<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        {
            let mut state = self.state();
            if state.closed {
                return None;
            }
            state.by = Some(thread::current().id());
        }
        let result = work();
        self.state().by = None;
        self.changed.notify_all();
        Some(result)
    }

    /// Nothing passes any more when this returns, but for the caller itself where it is within.
    pub(crate) fn close(&self) {
        // In a forked child nothing of its parent's is running, and a lock may be held for ever.
        if self.process != process::id() {
            return;
        }
        let mut state = self.state();
        state.closed = true;
        let me = thread::current().id();
        while state.by.is_some_and(|by| by != me) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

pub(crate) enum Parcel {
    Call(Arc<Call>),
    Log(LogRecord),
}

/// The callback thread.
pub(crate) static COURIER: Courier<Parcel> = Courier::new(|parcels| {
    for parcel in parcels {
        match parcel {
            Parcel::Call(call) => call.deliver(),
            Parcel::Log(record) => logs::deliver(&record),
        }
    }
    true
});

/// A call of the bridge, of whatever type.
pub(crate) type AnyOf = Box<dyn AnyCall<Object>>;

/// A call under way.
pub(crate) struct Call {
    under_way: AnyOf,
    source: Option<Source>,
    /// Where a thread waits for it, none else.
    callbacks: Option<spark_t2i_callbacks>,
    gate: Gate,
    /// The end, from the moment that somebody came upon it until somebody asks for it.
    end: Mutex<Option<Result<Object, Error>>>,
}

// SAFETY: what it holds of foreign pointers it hands back and never reads; that other threads get them is documented.
unsafe impl Send for Call {}
// SAFETY: the same.
unsafe impl Sync for Call {}

/// Where the requests of many come from.
pub(crate) struct Source {
    many: Arc<Many>,
    next: unsafe extern "C" fn(*mut c_void, usize, *mut spark_t2i_request) -> bool,
    user_data: *mut c_void,
    timeout: Option<Duration>,
    at_once: usize,
    ended: AtomicUsize,
    /// Nothing more is begun once one was cancelled.
    stopped: AtomicBool,
    /// Taken by the thread that asks for more.
    begun: Mutex<Option<Begun>>,
}

#[derive(Default)]
struct Begun {
    count: usize,
    exhausted: bool,
}

impl Source {
    fn begun(&self) -> MutexGuard<'_, Option<Begun>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins as many as there is room for. Whether all have ended.
    fn fill(&self, gate: &Gate) -> bool {
        // Under no lock: the foreign code may come back here, and finds nothing to do.
        if self.stopped.load(Ordering::Acquire) {
            return false;
        }
        let Some(mut begun) = self.begun().take() else { return false };
        let room = |begun: &Begun| begun.count - self.ended.load(Ordering::Acquire) < self.at_once;
        while !begun.exhausted && room(&begun) && !self.stopped.load(Ordering::Acquire) {
            let index = begun.count;
            let next = gate.pass(|| {
                let mut request = spark_t2i_request::UNSET;
                // SAFETY: it is promised that it may be called until the gate is closed, and that what it points to is valid now.
                unsafe { (self.next)(self.user_data, index, &raw mut request).then(|| request.read()) }
            });
            match next.flatten() {
                Some(request) => {
                    let request = request.and_then(|(parameters, model)| bridge::request(&parameters, model));
                    begun.count += 1;
                    starting(|| self.many.add(index, request, self.timeout));
                }
                None => begun.exhausted = true,
            }
        }
        let all = begun.exhausted && begun.count == self.ended.load(Ordering::Acquire);
        *self.begun() = Some(begun);
        all
    }
}

impl Call {
    fn new(under_way: AnyOf, source: Option<Source>, callbacks: Option<spark_t2i_callbacks>) -> Arc<Self> {
        Arc::new(Self { under_way, source, callbacks, gate: Gate::new(), end: Mutex::default() })
    }

    fn end(&self) -> MutexGuard<'_, Option<Result<Object, Error>>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self, at_most: Duration) -> Step<Object, Object> {
        if self.source.as_ref().is_some_and(|source| source.fill(&self.gate)) {
            return Step::Done(Ok(Object::Nothing));
        }
        let step = self.under_way.wait(at_most);
        if let (Step::Item(item), Some(source)) = (&step, &self.source) {
            source.ended.fetch_add(1, Ordering::AcqRel);
            // By the caller, or with the threads of the library: it is the end for all of them.
            if matches!(item, Object::Generated(one) if one.result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Cancelled))
            {
                self.cancel();
            }
        }
        step
    }

    fn cancel(&self) {
        if let Some(source) = &self.source {
            source.stopped.store(true, Ordering::Release);
        }
        self.under_way.cancel();
    }

    /// Tells the callbacks what there is, and comes back when there is more.
    fn deliver(self: Arc<Self>) {
        let Some(callbacks) = self.callbacks else { return };
        loop {
            match self.step(Duration::ZERO) {
                Step::Pending => {
                    let again = Arc::clone(&self);
                    return self.under_way.when_ready(Box::new(move || COURIER.send(Parcel::Call(again))));
                }
                Step::Item(item) => _ = self.gate.pass(|| callbacks.item(&item)),
                Step::Done(end) => {
                    self.gate.pass(|| callbacks.done(end));
                    return;
                }
            }
        }
    }

    /// Refuses to take events from a call of many, or images from another: what is taken is gone.
    fn of_many(&self, many: bool) -> Result<(), Error> {
        if self.source.is_some() == many {
            return Ok(());
        }
        let message = if many { "the call is not one of many" } else { "a call of many has no events" };
        Err(Error::new(ErrorKind::InvalidRequest, message))
    }

    /// Waits for the next item, or for the end, which is kept: `Pending` where nothing came, `Done` without the result.
    fn next(&self, at_most: Option<Duration>) -> Result<Step<Object, ()>, Error> {
        if self.callbacks.is_some() {
            let message = "the call tells what comes of it to its callbacks: nobody can wait for it besides";
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        }
        let begin = Instant::now();
        loop {
            if self.end().is_some() {
                return Ok(Step::Done(Ok(())));
            }
            let left = at_most.map(|at_most| at_most.saturating_sub(begin.elapsed()));
            match self.step(left.map_or(SLICE, |left| left.min(SLICE))) {
                Step::Item(item) => return Ok(Step::Item(item)),
                Step::Done(end) => *self.end() = Some(end),
                Step::Pending if left.is_some_and(|left| left.is_zero()) => return Ok(Step::Pending),
                Step::Pending => {}
            }
        }
    }
}

impl spark_t2i_callbacks {
    fn item(self, item: &Object) {
        match item {
            Object::Event(event) => {
                if let Some(on_event) = self.on_event {
                    // SAFETY: it is promised that it may be called; the event lives as long.
                    unsafe { on_event(self.user_data, &raw const *event.fields) };
                }
            }
            Object::Generated(generated) => {
                if let Some(on_generated) = self.on_generated {
                    let generated = handed_out(generated);
                    // SAFETY: the same.
                    unsafe { on_generated(self.user_data, &raw const generated) };
                }
            }
            _ => {}
        }
    }

    fn done(self, end: Result<Object, Error>) {
        if let Some(on_done) = self.on_done {
            let outcome = spark_t2i_outcome::of(end);
            // SAFETY: the same.
            unsafe { on_done(self.user_data, &raw const outcome) };
        }
    }
}

fn handed_out(generated: &Generated) -> spark_t2i_generated {
    let (mut image, mut error, mut result) = (ptr::null_mut(), ptr::null_mut(), spark_t2i_result::SPARK_T2I_OK);
    match &generated.result {
        Ok(found) => image = hand_out(found.clone().into()).unwrap_or(image),
        Err(problem) => (result, error) = (problem.kind().into(), hand_out(problem.into()).unwrap_or(error)),
    }
    spark_t2i_generated { index: generated.index, result, image, error }
}

impl spark_t2i_outcome {
    fn of(end: Result<Object, Error>) -> Self {
        let mut outcome = Self {
            result: spark_t2i_result::SPARK_T2I_OK,
            error: ptr::null_mut(),
            image: ptr::null_mut(),
            task: ptr::null_mut(),
            estimate: ptr::null_mut(),
            snapshot: ptr::null_mut(),
            bytes: ptr::null_mut(),
            saved: ptr::null_mut(),
        };
        let handed_out = end.and_then(|object| {
            match object {
                Object::Image(_) => outcome.image = hand_out(object)?,
                Object::Task(_) => outcome.task = hand_out(object)?,
                Object::Estimate(_) => outcome.estimate = hand_out(object)?,
                Object::Snapshot(_) => outcome.snapshot = hand_out(object)?,
                Object::Bytes(_) => outcome.bytes = hand_out(object)?,
                Object::Saved(_) => outcome.saved = hand_out(object)?,
                _ => {}
            }
            Ok(())
        });
        if let Err(error) = handed_out {
            outcome.result = error.kind().into();
            outcome.error = hand_out((&error).into()).unwrap_or(ptr::null_mut());
        }
        outcome
    }
}

/// Waits for the end of a call, and hands its result out.
pub(crate) unsafe fn blocking<H: Handle>(
    place: *mut *mut H,
    error: *mut *mut spark_t2i_error,
    begin: impl FnOnce() -> Result<AnyOf, Error>,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            out(place, H::NAME)?;
            let call = starting(begin)?;
            loop {
                match call.wait(Duration::MAX) {
                    Step::Done(result) => {
                        let result = result?;
                        if H::held(&result).is_some() {
                            put(place, hand_out(result)?);
                        }
                        return Ok(spark_t2i_result::SPARK_T2I_OK);
                    }
                    Step::Item(_) | Step::Pending => {}
                }
            }
        })
    }
}

/// Begins a call that somebody else waits for.
pub(crate) unsafe fn start(
    callbacks: *const spark_t2i_callbacks,
    place: *mut *mut spark_t2i_call,
    error: *mut *mut spark_t2i_error,
    begin: impl FnOnce() -> Result<(AnyOf, Option<Source>), Error>,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            let callbacks = read_callbacks(callbacks)?;
            if place.is_null() && callbacks.is_none_or(|callbacks| callbacks.on_done.is_none()) {
                let message = "nobody would ever know what comes of the call: there is neither on_done nor a place for its handle";
                return Err(Error::new(ErrorKind::InvalidRequest, message));
            }
            put(place, ptr::null_mut());
            let (call, source) = starting(begin)?;
            let call = Call::new(call, source, callbacks);
            if !place.is_null() {
                place.write(hand_out(Object::Call(Arc::clone(&call)))?);
            }
            if callbacks.is_some() {
                starting(|| COURIER.send(Parcel::Call(call)));
            }
            Ok(spark_t2i_result::SPARK_T2I_OK)
        })
    }
}

unsafe fn read_callbacks(callbacks: *const spark_t2i_callbacks) -> Result<Option<spark_t2i_callbacks>, Error> {
    if callbacks.is_null() {
        return Ok(None);
    }
    // SAFETY: as promised to this function.
    Ok(Some(unsafe { sized(callbacks, spark_t2i_callbacks::NONE, "callbacks") }?))
}

/// A struct of the caller's, which may be older and shorter than ours: what it lacks is as in `unset`.
pub(crate) unsafe fn sized<T: Copy>(given: *const T, unset: T, name: &str) -> Result<T, Error> {
    let invalid = |what: String| Err(Error::new(ErrorKind::InvalidRequest, format!("{name} {what}")));
    if given.is_null() {
        return invalid("is NULL".to_owned());
    }
    // SAFETY: each of these structs begins with its size.
    let size = unsafe { given.cast::<usize>().read() };
    if size < size_of::<usize>() {
        return invalid(format!("has the size {size}: begin with its _INIT"));
    }
    if size > size_of::<T>() {
        return invalid(format!(
            "is of {size} bytes and here of {}: the program was compiled for a newer version than this library's, {}",
            size_of::<T>(),
            env!("CARGO_PKG_VERSION")
        ));
    }
    let mut whole = unset;
    // SAFETY: it is promised that there are as many bytes as it says, which are not more than ours.
    unsafe { ptr::copy_nonoverlapping(given.cast::<u8>(), (&raw mut whole).cast(), size) };
    Ok(whole)
}

/// A number of seconds: below 0 for "not given".
pub(crate) fn seconds(name: &str, seconds: f64) -> Result<Option<Duration>, Error> {
    if seconds < 0.0 {
        return Ok(None);
    }
    bridge::timeout(Argument::Number(seconds)).map_err(|error| error.with_context(name))
}

impl Source {
    pub(crate) fn new(
        client: &bridge::Client,
        next: spark_t2i_source,
        user_data: *mut c_void,
        timeout: Option<Duration>,
    ) -> Result<(AnyOf, Option<Self>), Error> {
        let next = next.ok_or_else(|| Error::new(ErrorKind::InvalidRequest, "the source is NULL"))?;
        let many = Arc::new(Many::new(client));
        let at_once = client.max_in_flight();
        let begun = Mutex::new(Some(Begun::default()));
        let source = Self {
            many: Arc::clone(&many),
            next,
            user_data,
            timeout,
            at_once,
            ended: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            begun,
        };
        Ok((Box::new(OfMany(many)), Some(source)))
    }
}

/// The call of many.
struct OfMany(Arc<Many>);

impl AnyCall<Object> for OfMany {
    fn wait(&self, at_most: Duration) -> Step<Object, Object> {
        AnyCall::wait(&*self.0, at_most)
    }

    fn take(&self) -> Step<Object, Object> {
        AnyCall::take(&*self.0)
    }

    fn when_ready(&self, wake: Box<dyn FnOnce() + Send>) {
        AnyCall::<Object>::when_ready(&*self.0, wake);
    }

    fn cancel(&self) {
        AnyCall::<Object>::cancel(&*self.0);
    }

    fn task_ids(&self) -> Vec<bridge::TaskId> {
        AnyCall::<Object>::task_ids(&*self.0)
    }
}

/// Waits for the end of a call that has no callbacks, at most so many seconds; below 0: as long as it takes. Events and
/// images that nobody has taken are passed over.
///
/// Returns what `outcome.result` says; `SPARK_T2I_PENDING`, and leaves `outcome` alone, where the call has not ended yet;
/// `SPARK_T2I_INVALID_REQUEST` where it has callbacks, or its outcome was taken before. What is in `outcome` belongs to the
/// caller, the error among it; `outcome` may be NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_call_wait(
    call: *mut spark_t2i_call,
    at_most_seconds: f64,
    outcome: *mut spark_t2i_outcome,
) -> spark_t2i_result {
    let waited = bridge::guard(|| {
        let at_most = seconds("at_most_seconds", at_most_seconds)?;
        let call = with(call, Arc::clone)?;
        let begin = Instant::now();
        loop {
            let left = at_most.map(|at_most| at_most.saturating_sub(begin.elapsed()));
            match call.next(left)? {
                Step::Pending => return Ok(None),
                Step::Item(_) => {}
                Step::Done(_) => break,
            }
        }
        let end = call.end().replace(Err(Error::new(ErrorKind::InvalidRequest, "the outcome was taken before")));
        end.unwrap_or_else(|| Err(Error::internal("a call ended without an end"))).map(Some)
    });
    let end = match waited {
        Ok(None) => return spark_t2i_result::SPARK_T2I_PENDING,
        Ok(Some(object)) => Ok(object),
        Err(error) => Err(error),
    };
    if outcome.is_null() {
        return end.err().map_or(spark_t2i_result::SPARK_T2I_OK, |error| error.kind().into());
    }
    let told = spark_t2i_outcome::of(end);
    let result = told.result;
    // SAFETY: it is promised that it can be written.
    unsafe { put(outcome, told) };
    result
}

/// Waits for the next event of a call that has no callbacks, at most so many seconds; below 0: as long as it takes.
///
/// Returns `SPARK_T2I_OK` with an event, to be freed; `SPARK_T2I_PENDING`; or `SPARK_T2I_END` when there are no more, and
/// `spark_t2i_call_wait` gives the outcome. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_call_next_event(
    call: *mut spark_t2i_call,
    at_most_seconds: f64,
    event: *mut *mut spark_t2i_event,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            out(event, "event")?;
            let at_most = seconds("at_most_seconds", at_most_seconds)?;
            let call = with(call, Arc::clone)?;
            call.of_many(false)?;
            Ok(match call.next(at_most)? {
                Step::Pending => spark_t2i_result::SPARK_T2I_PENDING,
                Step::Item(item) => {
                    put(event, hand_out(item)?);
                    spark_t2i_result::SPARK_T2I_OK
                }
                Step::Done(_) => spark_t2i_result::SPARK_T2I_END,
            })
        })
    }
}

/// Waits for what becomes of the next of many requests, of a call that has no callbacks, at most so many seconds; below 0: as
/// long as it takes. The source of the requests is called from here.
///
/// Returns `SPARK_T2I_OK` with `generated`, of which the caller owns the handle (the request itself may have failed: see
/// `generated.result`); `SPARK_T2I_PENDING`; or `SPARK_T2I_END` when all have ended or the call was cancelled. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_call_next_generated(
    call: *mut spark_t2i_call,
    at_most_seconds: f64,
    generated: *mut spark_t2i_generated,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            if generated.is_null() {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    "generated is NULL: there is no place for the result",
                ));
            }
            let at_most = seconds("at_most_seconds", at_most_seconds)?;
            let call = with(call, Arc::clone)?;
            call.of_many(true)?;
            Ok(match call.next(at_most)? {
                Step::Item(Object::Generated(item)) => {
                    generated.write(handed_out(&item));
                    spark_t2i_result::SPARK_T2I_OK
                }
                Step::Pending | Step::Item(_) => spark_t2i_result::SPARK_T2I_PENDING,
                Step::Done(_) => spark_t2i_result::SPARK_T2I_END,
            })
        })
    }
}

/// Ends a call at once, as cancelled, unless it has ended. The tasks at the service go on. Nothing happens to a call that is
/// NULL. Thread-safe.
///
/// Returns `SPARK_T2I_OK`, or `SPARK_T2I_INVALID_REQUEST` for what is no handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_call_cancel(call: *mut spark_t2i_call) -> spark_t2i_result {
    if call.is_null() {
        return spark_t2i_result::SPARK_T2I_OK;
    }
    match bridge::guard(|| with(call, Arc::clone).map(|call| call.cancel())) {
        Ok(()) => spark_t2i_result::SPARK_T2I_OK,
        Err(error) => error.kind().into(),
    }
}

/// The ids of the tasks that a call is after now, as far as they are known, as JSON: a list of texts. It is how whoever
/// cancels a call learns what goes on at the service. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_call_task_ids(
    call: *const spark_t2i_call,
    task_ids: *mut *mut spark_t2i_bytes,
    error: *mut *mut spark_t2i_error,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            out(task_ids, "task_ids")?;
            let ids = with(call, Arc::clone)?.under_way.task_ids();
            // Ids hold neither quotes nor control characters.
            let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
            put(task_ids, hand_out(text_object(&format!("[{}]", ids.join(","))))?);
            Ok(spark_t2i_result::SPARK_T2I_OK)
        })
    }
}

/// A text that the caller owns; a NUL follows its last byte.
pub(crate) fn text_object(text: &str) -> Object {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    Object::Bytes(Bytes::from(bytes).slice(..text.len()))
}

/// Frees a call. One that is under way is cancelled. When this returns, none of its callbacks runs or will run: it waits for
/// the one that is running, unless that is who calls this.
///
/// Returns `SPARK_T2I_OK`, also for NULL, or `SPARK_T2I_INVALID_REQUEST` for a handle that was freed before. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn spark_t2i_call_free(call: *mut spark_t2i_call) -> spark_t2i_result {
    free_with(call, |call| {
        call.cancel();
        call.gate.close();
    })
}
