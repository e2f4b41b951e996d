//! Which values a column takes from the program.

use std::borrow::Cow;
use std::sync::Arc;

use rebis_core::rust_decimal::Decimal;
use rebis_core::value::IntoValue;

/// A value that [`Instance::set`](crate::Instance::set) can put into a column whose field is a `C`: a `C`, or what becomes one without
/// loss. A column that may be NULL takes a value without its `Some` as well.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be assigned to a column whose field is `{C}`",
    label = "not a value for a field of `{C}`",
    note = "the value is a `{C}`, or becomes one without loss: a text for a `String`, an `i32` for an `i64`",
    note = "`None` goes into a column whose field is an `Option` only; there, `Some(…)` needs the field's own type, or leave it out"
)]
pub trait ValueFor<C>: IntoValue {}

#[diagnostic::do_not_recommend]
impl<C: IntoValue> ValueFor<C> for C {}
#[diagnostic::do_not_recommend]
impl<C: IntoValue> ValueFor<Option<C>> for C {}
#[diagnostic::do_not_recommend]
impl<C: Clone + IntoValue> ValueFor<C> for &C where Self: IntoValue {}
#[diagnostic::do_not_recommend]
impl<C: Clone + IntoValue> ValueFor<Option<C>> for &C where Self: IntoValue {}

// An `Option` is taken for itself only: then `None` and `Some("ed".into())` need no type. Of whole numbers only those get others whose
// literals are an `i32` when nothing is said: for a `u8`, `5` is a `u8`.
macro_rules! values {
    ($($field:ty: $($value:ty),*;)*) => {$($(
        #[diagnostic::do_not_recommend]
        impl ValueFor<$field> for $value {}
        #[diagnostic::do_not_recommend]
        impl ValueFor<Option<$field>> for $value {}
    )*)*};
}

values! {
    i64: i8, i16, i32, u8, u16, u32;
    i32: i8, i16, u8, u16;
    f64: f32;
    Decimal: i8, i16, i32, i64, u8, u16, u32, u64;
    String: &str, char, Box<str>, Arc<str>, Cow<'_, str>;
    Box<str>: &str, String;
    Arc<str>: &str, String;
    Cow<'static, str>: &'static str, String;
    Vec<u8>: &[u8];
}

#[diagnostic::do_not_recommend]
impl<const N: usize> ValueFor<Vec<u8>> for [u8; N] {}
#[diagnostic::do_not_recommend]
impl<const N: usize> ValueFor<Vec<u8>> for &[u8; N] {}
#[diagnostic::do_not_recommend]
impl<const N: usize> ValueFor<Option<Vec<u8>>> for [u8; N] {}
#[diagnostic::do_not_recommend]
impl<const N: usize> ValueFor<Option<Vec<u8>>> for &[u8; N] {}
