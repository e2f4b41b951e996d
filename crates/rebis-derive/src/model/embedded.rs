//! `#[derive(Embedded)]`: a struct whose fields are columns of the models that have it; and what a model writes of such a field.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Fields, Path};

use super::attributes::OfField;
use super::emit::{described_as, own};
use super::{Column, Model, Part, column_of, place_of};
use crate::attributes::{Faults, crate_path, each, text, unknown};

/// The impl, or every fault at once.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(fault) => return fault.into_compile_error(),
    };
    let mut faults = Faults::default();
    let krate = of_struct(&input, &mut faults);
    let columns = columns(&input, &mut faults);
    match faults.told() {
        None => written(&input, &krate, &columns),
        Some(faults) => faults.into_compile_error(),
    }
}

fn of_struct(input: &DeriveInput, faults: &mut Faults) -> Path {
    let mut krate = syn::parse_quote!(::rebis);
    each(&input.attrs, faults, |meta, faults| {
        if !meta.path.is_ident("crate") {
            return unknown(meta, "an embedded struct takes `crate`; names are told by the model", faults);
        }
        let name = text(meta, "crate = \"rebis\"", faults)?;
        if let Some(path) = name.and_then(|name| crate_path(&name, faults)) {
            krate = path;
        }
        Ok(())
    });
    krate
}

fn columns<'i>(input: &'i DeriveInput, faults: &mut Faults) -> Vec<Column<'i>> {
    for parameter in &input.generics.params {
        let text = "an embedded struct has no generics and no lifetimes: its fields own what they hold";
        faults.at(syn::spanned::Spanned::span(parameter), text);
    }
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !fields.named.is_empty() => fields,
            _ => {
                faults
                    .at(input.ident.span(), "the fields of an embedded struct have names: they are columns");
                return Vec::new();
            }
        },
        _ => {
            faults.at(input.ident.span(), "an embedded struct is a struct");
            return Vec::new();
        }
    };
    let mut columns = Vec::new();
    for field in &fields.named {
        let said = OfField::read(&field.attrs, faults);
        if let Some(column) = column_of(field, said, columns.len(), faults) {
            column.check_embedded(faults);
            columns.push(column);
        }
    }
    columns
}

impl Column<'_> {
    /// What only a column of the model itself can be.
    fn check_embedded(&self, faults: &mut Faults) {
        let said = &self.said;
        let place = self.field.span();
        let no = |what: &str| format!("a field of an embedded struct is a plain column; {what}");
        if said.primary_key.is_some() || said.foreign_key.is_some() {
            faults.at(place, no("keys go to the model"));
        }
        if said.skip.is_some() || said.relation.is_some() || super::shape(self.kind).is_some() {
            faults.at(place, no("relationships and what is skipped go to the model"));
        }
        if said.embedded.is_some() {
            faults.at(place, no("another embedded struct goes to the model, beside this one"));
        }
        if self.is_deferred() {
            faults.at(place, no("a deferred one goes to the model"));
        }
    }
}

fn written(input: &DeriveInput, krate: &Path, columns: &[Column<'_>]) -> TokenStream {
    let name = &input.ident;
    let derived = quote_spanned!(own()=> #krate::mapper::derived);
    let named = columns.iter().map(|Column { docs, visibility, constant, kind, .. }| {
        quote!(#(#docs)* #visibility #constant: #derived::Column<__M, #kind>,)
    });
    let constants: Vec<_> = columns.iter().map(|column| &column.constant).collect();
    let names: Vec<_> = columns.iter().map(|column| &column.name).collect();
    let width = columns.len();
    let described = columns.iter().map(|column| {
        let name = &column.name;
        described_as(column, &quote_spanned!(own()=> ::std::format!("{__prefix}{}", #name)), &derived)
    });
    let call = |method: TokenStream, arguments: &dyn Fn(&Column<'_>) -> TokenStream| -> Vec<TokenStream> {
        let each = columns.iter().enumerate().map(|(number, column)| {
            let (kind, arguments) = (column.kind, arguments(column));
            quote_spanned!(place_of(kind)=> #number => <#kind as #derived::Field>::#method(#arguments),)
        });
        each.collect()
    };
    let read = call(quote!(read), &|Column { field, .. }| quote_spanned!(own()=> &self.#field));
    let write =
        call(quote!(write), &|Column { field, .. }| quote_spanned!(own()=> &mut self.#field, __value));
    let same =
        call(quote!(same), &|Column { field, .. }| quote_spanned!(own()=> &self.#field, &__other.#field));
    let decoded = columns.iter().enumerate().map(|(number, Column { field, kind, .. })| {
        let place = place_of(kind);
        quote_spanned!(place=> #field: <#kind as #derived::Field>::decode(__row, __place, __first + #number)?,)
    });
    quote_spanned! {own()=>
        const _: () = {
            #[allow(missing_docs, missing_debug_implementations, unreachable_pub, non_snake_case)]
            pub struct __Columns<const __N: usize, __M> { #(#named)* }
            #[allow(non_upper_case_globals)]
            impl<const __N: usize, __M: #derived::PrefixOf<__N>> __Columns<__N, __M> {
                #(const #constants: &'static #derived::Joined = &#derived::Joined::new(__M::PREFIX, #names);)*
            }
            impl<const __N: usize, __M: #derived::PrefixOf<__N>> #derived::NamedColumns for __Columns<__N, __M> {
                const NAMED: Self = Self { #(#constants: #derived::Column::new(Self::#constants.text())),* };
            }
            #[automatically_derived]
            impl #derived::Embedded for #name {
                type Columns<const __N: usize, __M: #derived::PrefixOf<__N>> = __Columns<__N, __M>;
                const WIDTH: usize = #width;
                fn names() -> &'static [&'static str] {
                    &[#(#names),*]
                }
                fn columns(__prefix: &str) -> ::std::vec::Vec<#derived::ColumnDef> {
                    ::std::vec![#(#described),*]
                }
                fn read_part(&self, __part: usize) -> #derived::Bound<'_> {
                    match __part { #(#read)* _ => #derived::Bound::NULL }
                }
                fn write_part(&mut self, __part: usize, __value: #derived::ValueRef<'_>) -> #derived::Written {
                    match __part { #(#write)* _ => #derived::not_written() }
                }
                fn same_part(&self, __other: &Self, __part: usize) -> bool {
                    match __part { #(#same)* _ => true }
                }
                fn decode_part<__P: #derived::Place>(
                    __row: &#derived::RowView<'_>,
                    __place: __P,
                    __first: usize,
                ) -> #derived::Result<Self> {
                    ::core::result::Result::Ok(Self { #(#decoded)* })
                }
            }
        };
    }
}

// ---- in a model ----

impl Model<'_> {
    /// How many columns there are before the embedded ones.
    fn plain(&self) -> usize {
        self.columns.iter().filter(|column| !column.is_deferred()).count()
    }

    /// The number of the first column behind so many embedded structs.
    pub(super) fn behind_embedded(&self, count: usize, derived: &TokenStream) -> TokenStream {
        let plain = self.plain();
        let widths =
            self.embedded.iter().take(count).map(
                |Part { kind, .. }| quote_spanned!(place_of(kind)=> + <#kind as #derived::Embedded>::WIDTH),
            );
        quote!(#plain #(#widths)*)
    }

    /// The number of a column.
    pub(super) fn number(&self, position: usize, derived: &TokenStream) -> TokenStream {
        let plain = self.plain();
        if self.embedded.is_empty() || position < plain {
            return quote!(#position);
        }
        let (before, more) = (self.behind_embedded(self.embedded.len(), derived), position - plain);
        quote!((#before + #more))
    }

    /// A pattern for the number of a column.
    pub(super) fn pattern(&self, position: usize, derived: &TokenStream) -> TokenStream {
        let number = self.number(position, derived);
        if self.embedded.is_empty() || position < self.plain() {
            return number;
        }
        quote_spanned!(own()=> __number if __number == #number)
    }

    /// Arms for the numbers of embedded columns: calls of this method, with the field and more arguments.
    pub(super) fn embedded_arms(
        &self,
        derived: &TokenStream,
        method: &TokenStream,
        arguments: &dyn Fn(&Part<'_>, TokenStream) -> TokenStream,
    ) -> Vec<TokenStream> {
        let arms = self.embedded.iter().enumerate().map(|(index, part)| {
            let (first, end) = (self.behind_embedded(index, derived), self.behind_embedded(index + 1, derived));
            let kind = part.kind;
            let arguments = arguments(part, quote_spanned!(own()=> __number - (#first)));
            quote_spanned! {place_of(kind)=>
                __number if (#first..#end).contains(&__number) => <#kind as #derived::Embedded>::#method(#arguments),
            }
        });
        arms.collect()
    }

    /// What is written of embedded structs beside the constants.
    pub(super) fn prefixes(&self, derived: &TokenStream) -> Vec<TokenStream> {
        let name = &self.input.ident;
        let each = self.embedded.iter().enumerate().map(|(number, Part { prefix, .. })| {
            quote_spanned! {own()=>
                impl #derived::PrefixOf<#number> for #name { const PREFIX: &'static str = #prefix; }
            }
        });
        each.collect()
    }
}
