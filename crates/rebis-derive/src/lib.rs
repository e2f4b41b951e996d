//! The derive macros of Rebis. Programs use them through `rebis`, which has their documentation with examples.
//!
//! A derive reads its input into plain data (`attributes`), collects every fault in it, and writes an impl that only names
//! what `rebis-core` does (`from_row`) or what `rebis::mapper::derived` does (`model`).

mod attributes;
mod from_row;
mod model;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Reads a row into a struct: each field from the column of its name, or of a tuple struct from the column of its position.
///
/// On a field: `#[rebis(column = "name")]`, `#[rebis(flatten)]`, `#[rebis(default)]`, `#[rebis(skip)]`. On the struct, for
/// programs that use `rebis-core` alone: `#[rebis(crate = "rebis_core")]`.
#[proc_macro_derive(FromRow, attributes(rebis))]
pub fn from_row(input: TokenStream) -> TokenStream {
    from_row::expand(input.into()).into()
}

/// Makes a struct one that models can embed: its fields are columns of theirs. `rebis::Embedded` has an example.
#[proc_macro_derive(Embedded, attributes(rebis))]
pub fn embedded(input: TokenStream) -> TokenStream {
    model::expand_embedded(input.into()).into()
}

/// Makes a struct a model: its values are rows of a table and objects of a session. `rebis::Model` has all attributes.
#[proc_macro_derive(Model, attributes(rebis))]
pub fn model(input: TokenStream) -> TokenStream {
    model::expand(input.into()).into()
}
