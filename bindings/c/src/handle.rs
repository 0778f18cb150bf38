//! Handles: numbers that look like pointers, of objects in one table. What is no handle any more is recognised.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use sharded_slab::{Config, Entry, Slab};
use spark_t2i_bridge::{
    self as bridge, Bytes, Error, ErrorKind, Estimate, Event, Generated, Report, Saved, Stats, TaskSnapshot, guard,
};

use crate::call::Call;
use crate::error::{spark_t2i_error_fields, spark_t2i_report_fields, spark_t2i_result};
use crate::record::Record;
use crate::snapshot::{spark_t2i_image_fields, spark_t2i_snapshot_fields};
use crate::text::OwnedText;
use crate::told::{spark_t2i_estimate_fields, spark_t2i_event_fields, spark_t2i_saved_fields, spark_t2i_stats_fields};

/// An image, with what is known of it.
pub(crate) struct Image {
    pub(crate) image: bridge::Image,
    pub(crate) record: Record<spark_t2i_image_fields>,
}

/// A task, with its id.
pub(crate) struct Task {
    pub(crate) task: bridge::Task,
    pub(crate) id: OwnedText,
}

/// An emulator, with its address.
pub(crate) struct Emulator {
    pub(crate) emulator: Box<bridge::Emulator>,
    pub(crate) url: OwnedText,
}

/// The type behind a handle.
pub(crate) trait Handle {
    type Held;
    const NAME: &'static str;
    fn held(object: &Object) -> Option<&Self::Held>;
}

macro_rules! objects {
    ($($handle:ident $variant:ident($held:ty) $name:literal,)+) => {
        /// Whatever a program may hold, or a call may yield.
        pub(crate) enum Object {
            $($variant($held),)+
            Generated(Generated),
            Nothing,
        }

        $(impl Handle for $handle {
            type Held = $held;
            const NAME: &'static str = $name;
            fn held(object: &Object) -> Option<&$held> {
                if let Object::$variant(held) = object { Some(held) } else { None }
            }
        })+
    };
}

objects! {
    spark_t2i_client Client(bridge::Client) "client",
    spark_t2i_task Task(Task) "task",
    spark_t2i_image Image(Image) "image",
    spark_t2i_call Call(Arc<Call>) "call",
    spark_t2i_error Error(Record<spark_t2i_error_fields>) "error",
    spark_t2i_report Report(Record<spark_t2i_report_fields>) "report",
    spark_t2i_snapshot Snapshot(Record<spark_t2i_snapshot_fields>) "snapshot",
    spark_t2i_event Event(Record<spark_t2i_event_fields>) "event",
    spark_t2i_estimate Estimate(Record<spark_t2i_estimate_fields>) "estimate",
    spark_t2i_bytes Bytes(Bytes) "bytes",
    spark_t2i_saved Saved(Record<spark_t2i_saved_fields>) "saved",
    spark_t2i_stats Stats(Record<spark_t2i_stats_fields>) "stats",
    spark_t2i_emulator Emulator(Emulator) "emulator",
}

/// A client of the service. Any number of threads may use it.
pub struct spark_t2i_client(());
/// A task at the service.
pub struct spark_t2i_task(());
/// A finished image. Nothing is downloaded before it is asked for.
pub struct spark_t2i_image(());
/// A call under way.
pub struct spark_t2i_call(());
/// An error.
pub struct spark_t2i_error(());
/// The verdict on a request.
pub struct spark_t2i_report(());
/// What one answer of the service said about a task.
pub struct spark_t2i_snapshot(());
/// Something that happened to a task.
pub struct spark_t2i_event(());
/// What a request would probably cost.
pub struct spark_t2i_estimate(());
/// Bytes: those of an image, or a text.
pub struct spark_t2i_bytes(());
/// A file that was saved.
pub struct spark_t2i_saved(());
/// What a client has done.
pub struct spark_t2i_stats(());
/// The service on loopback, inside this process.
pub struct spark_t2i_emulator(());

macro_rules! from {
    ($($source:ty => $variant:ident $make:expr,)+) => {
        $(impl From<$source> for Object {
            fn from(source: $source) -> Self {
                Self::$variant($make(source))
            }
        })+
    };
}

from! {
    bridge::Client => Client |client| client,
    bridge::Task => Task |task: bridge::Task| Task { id: OwnedText::new(task.id().as_str()), task },
    Event => Event Record::new,
    Arc<TaskSnapshot> => Snapshot Record::new,
    Bytes => Bytes |bytes| bytes,
    Saved => Saved Record::new,
    Report => Report Record::new,
    Stats => Stats Record::new,
    Generated => Generated |generated| generated,
    &Error => Error Record::new,
    bridge::Image => Image |image: bridge::Image| Image { record: Record::new(image.about()), image },
}

impl From<()> for Object {
    fn from((): ()) -> Self {
        Self::Nothing
    }
}

impl From<Option<Estimate>> for Object {
    fn from(estimate: Option<Estimate>) -> Self {
        estimate.map_or(Self::Nothing, |estimate| Self::Estimate(Record::new(&estimate)))
    }
}

/// 8192 threads at once, two million objects made by each; a place in the table has had a thousand million objects before a
/// handle is like one that was before it.
struct Sizes;

impl Config for Sizes {
    const MAX_THREADS: usize = 8192;
    const MAX_PAGES: usize = 16;
    // For the mark that makes handles odd.
    const RESERVED_BITS: usize = 1;
}

struct Place {
    object: Object,
    /// Set by the one who frees it, who may meet others that use it at this moment.
    freed: AtomicBool,
}

static TABLE: LazyLock<Slab<Place, Sizes>> = LazyLock::new(Slab::new_with_config::<Sizes>);
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// How many handles there are.
pub(crate) fn count() -> usize {
    COUNT.load(Ordering::Relaxed)
}

/// Puts an object into the table.
pub(crate) fn hand_out<H>(object: Object) -> Result<*mut H, Error> {
    let key = TABLE.insert(Place { object, freed: AtomicBool::new(false) });
    let key = key.ok_or_else(|| Error::internal("there are too many objects: free some"))?;
    COUNT.fetch_add(1, Ordering::Relaxed);
    // Odd, so that it is neither NULL nor the address of anything.
    Ok(ptr::without_provenance_mut(key << 1 | 1))
}

fn entry<H: Handle>(handle: *const H) -> Option<Entry<'static, Place, Sizes>> {
    let address = handle.addr();
    if address & 1 == 0 {
        return None;
    }
    TABLE.get(address >> 1)
}

fn seen<H: Handle, T>(handle: *const H, work: impl FnOnce(&H::Held) -> T) -> Result<T, &'static str> {
    match entry(handle) {
        Some(place) => H::held(&place.object).map(work).ok_or("is a handle of something else"),
        None if handle.is_null() => Err("is NULL"),
        None => Err("was freed, or is no handle"),
    }
}

/// What a handle stands for, for as long as `work` takes.
pub(crate) fn with<H: Handle, T>(handle: *const H, work: impl FnOnce(&H::Held) -> T) -> Result<T, Error> {
    seen(handle, work).map_err(|problem| Error::new(ErrorKind::InvalidRequest, format!("the {} {problem}", H::NAME)))
}

/// The same where an error would have no way out.
pub(crate) fn read<H: Handle, T>(handle: *const H, otherwise: T, read: impl FnOnce(&H::Held) -> T) -> T {
    guard(|| Ok(seen(handle, read).ok())).ok().flatten().unwrap_or(otherwise)
}

/// The struct of a record. It stays where it is until the handle is freed.
pub(crate) fn fields<H: Handle<Held = Record<T>>, T>(handle: *const H) -> *const T {
    read(handle, nothing(), |record| ptr::from_ref(&*record.fields))
}

/// All fields absent, for whoever asks after what is not there.
pub(crate) fn nothing<T>() -> *const T {
    #[repr(align(16))]
    struct Zeros(#[expect(dead_code, reason = "read by C")] [u8; 512]);
    static NOTHING: Zeros = Zeros([0; 512]);
    const { assert!(size_of::<T>() <= size_of::<Zeros>() && align_of::<T>() <= align_of::<Zeros>()) }
    ptr::from_ref(&NOTHING).cast()
}

/// Frees a handle: `last` is called with what it stood for, by the one caller whose handle it was.
pub(crate) fn free_with<H: Handle>(handle: *mut H, last: impl FnOnce(&H::Held)) -> spark_t2i_result {
    if handle.is_null() {
        return spark_t2i_result::SPARK_T2I_OK;
    }
    let freed = guard(|| {
        if let Some(place) = entry(handle)
            && let Some(held) = H::held(&place.object)
            && !place.freed.swap(true, Ordering::AcqRel)
        {
            TABLE.remove(handle.addr() >> 1);
            COUNT.fetch_sub(1, Ordering::Relaxed);
            last(held);
            return Ok(spark_t2i_result::SPARK_T2I_OK);
        }
        Ok(spark_t2i_result::SPARK_T2I_INVALID_REQUEST)
    });
    freed.unwrap_or(spark_t2i_result::SPARK_T2I_INTERNAL)
}

/// Frees a handle.
pub(crate) fn free<H: Handle>(handle: *mut H) -> spark_t2i_result {
    free_with(handle, |_| ())
}

/// The whole of a function that may fail: an error goes to `error`, if that is not NULL, which is NULL otherwise.
pub(crate) unsafe fn attempt(
    error: *mut *mut spark_t2i_error,
    work: impl FnOnce() -> Result<spark_t2i_result, Error>,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe { put(error, ptr::null_mut()) };
    match guard(work) {
        Ok(result) => result,
        Err(problem) => {
            if !error.is_null() {
                let handle = guard(|| hand_out((&problem).into()));
                // SAFETY: the same.
                unsafe { put(error, handle.unwrap_or(ptr::null_mut())) };
            }
            problem.kind().into()
        }
    }
}

/// The whole of a function that gives something: NULL where there is nothing.
pub(crate) unsafe fn give<H: Handle>(
    place: *mut *mut H,
    error: *mut *mut spark_t2i_error,
    make: impl FnOnce() -> Result<Object, Error>,
) -> spark_t2i_result {
    // SAFETY: as promised to this function.
    unsafe {
        attempt(error, || {
            out(place, H::NAME)?;
            let object = make()?;
            if H::held(&object).is_some() {
                put(place, hand_out(object)?);
            }
            Ok(spark_t2i_result::SPARK_T2I_OK)
        })
    }
}

/// Writes where the caller wants something.
pub(crate) unsafe fn put<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: it is promised that it can be written.
        unsafe { place.write(value) };
    }
}

/// Begins a function that has to give something: NULL at first.
pub(crate) unsafe fn out<T>(place: *mut *mut T, name: &str) -> Result<(), Error> {
    if place.is_null() {
        return Err(Error::new(ErrorKind::InvalidRequest, format!("{name} is NULL: there is no place for the result")));
    }
    // SAFETY: it is promised that it can be written.
    unsafe { place.write(ptr::null_mut()) };
    Ok(())
}

/// A text that the caller owns; a NUL follows its last byte.
pub(crate) fn text_object(text: &str) -> Object {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    Object::Bytes(Bytes::from(bytes).slice(..text.len()))
}
