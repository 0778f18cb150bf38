//! Structs of C that tell something, with all that they point to.

use std::any::Any;
use std::ptr;

use crate::text::{OwnedText, spark_t2i_text};

/// A struct of C and what it points to.
pub(crate) struct Record<T> {
    pub(crate) fields: Box<T>,
    _owned: Owned,
}

// SAFETY: its pointers lead into what it owns, and nothing of it changes.
unsafe impl<T> Send for Record<T> {}
// SAFETY: the same.
unsafe impl<T> Sync for Record<T> {}

impl<T> Record<T> {
    pub(crate) fn new<S>(source: S) -> Self
    where
        T: Told<S>,
    {
        let mut owned = Owned::default();
        Self { fields: Box::new(T::told(source, &mut owned)), _owned: owned }
    }
}

/// What a struct points to.
#[derive(Default)]
pub(crate) struct Owned(Vec<Box<dyn Any>>);

impl Owned {
    fn keep<T: 'static>(&mut self, values: Vec<T>) -> *const T {
        // What is nothing has no address.
        if values.is_empty() {
            return ptr::null();
        }
        let values = values.into_boxed_slice();
        let first = values.as_ptr();
        self.0.push(Box::new(values));
        first
    }

    fn one<T: 'static>(&mut self, value: Option<T>) -> *const T {
        self.keep(value.into_iter().collect())
    }

    pub(crate) fn text(&mut self, text: impl AsRef<str>) -> spark_t2i_text {
        let text = OwnedText::new(text.as_ref());
        let view = text.view();
        self.0.push(Box::new(text));
        view
    }

    pub(crate) fn optional(&mut self, text: Option<impl AsRef<str>>) -> spark_t2i_text {
        text.map_or(spark_t2i_text::NONE, |text| self.text(text))
    }

    /// A struct within another, by its place.
    pub(crate) fn inner<T: Told<S> + 'static, S>(&mut self, source: Option<S>) -> *const T {
        let told = source.map(|source| T::told(source, self));
        self.one(told)
    }

    pub(crate) fn list<T: Told<S> + 'static, S>(&mut self, sources: impl IntoIterator<Item = S>) -> (*const T, usize) {
        let told: Vec<T> = sources.into_iter().map(|source| T::told(source, self)).collect();
        let count = told.len();
        (self.keep(told), count)
    }
}

/// A struct that tells what `S` does.
pub(crate) trait Told<S> {
    fn told(source: S, owned: &mut Owned) -> Self;
}
