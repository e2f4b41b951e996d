//! `#[derive(FromRow)]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Member, Path, Type};

use crate::attributes::{Faults, OfField, OfStruct};

/// Where a field's value comes from.
enum Origin {
    /// A cell: of the column with this name, or the next one of a struct that is read by position.
    Cell { column: String, default: bool },
    /// A part of the row, by the field's own type.
    Part,
    /// Nowhere: the type's default.
    Skipped,
}

struct Field {
    member: Member,
    kind: Type,
    origin: Origin,
}

/// The impl, or every fault at once beside an impl that keeps other errors from following.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(fault) => return fault.into_compile_error(),
    };
    let mut faults = Faults::default();
    let krate = OfStruct::read(&input.attrs, &mut faults).krate;
    let fields = fields(&input, &mut faults);
    match faults.told() {
        None => written(&input, &krate, &fields),
        Some(faults) => {
            let (errors, instead) = (faults.into_compile_error(), instead(&input, &krate));
            quote!(#errors #instead)
        }
    }
}

fn fields(input: &DeriveInput, faults: &mut Faults) -> Vec<Field> {
    for parameter in &input.generics.params {
        let text = "a struct that is read from a row has no generics and no lifetimes: its fields own what they read; \
                    for a generic one write `impl FromRow` by hand";
        faults.at(parameter.span(), text);
    }
    let data = match &input.data {
        Data::Struct(data) => data,
        Data::Enum(data) => {
            faults.at(
                data.enum_token.span,
                "a row becomes a struct, not an enum; for one column of an enum, implement `FromValue`",
            );
            return Vec::new();
        }
        Data::Union(data) => {
            faults.at(data.union_token.span, "a row becomes a struct, not a union");
            return Vec::new();
        }
    };
    if data.fields.is_empty() {
        faults.at(input.ident.span(), "a struct that is read from a row needs a field at least");
    }
    let by_name = matches!(data.fields, Fields::Named(_));
    data.fields
        .members()
        .zip(&data.fields)
        .map(|(member, field)| one(member, field, by_name, faults))
        .collect()
}

fn one(member: Member, field: &syn::Field, by_name: bool, faults: &mut Faults) -> Field {
    let said = OfField::read(&field.attrs, faults);
    if !by_name {
        let column = said.column.as_ref().map(syn::LitStr::span);
        for place in [column, said.flatten, said.default].into_iter().flatten() {
            faults.at(
                place,
                "a tuple struct is read by position and takes `skip` alone; give its fields names",
            );
        }
    }
    let column = match (&said.column, &member) {
        (Some(name), _) => name.value(),
        (None, Member::Named(name)) => name.unraw().to_string(),
        (None, Member::Unnamed(index)) => index.index.to_string(),
    };
    let origin = match said {
        OfField { skip: Some(_), .. } => Origin::Skipped,
        OfField { flatten: Some(_), .. } => Origin::Part,
        OfField { default, .. } => Origin::Cell { column, default: default.is_some() },
    };
    Field { member, kind: field.ty.clone(), origin }
}

fn written(input: &DeriveInput, krate: &Path, fields: &[Field]) -> TokenStream {
    let name = &input.ident;
    let title = name.unraw().to_string();
    let by_name = fields.iter().any(|field| matches!(field.member, Member::Named(_)));
    let mut cells = Vec::new();
    let mut parts = Vec::new();
    let mut values = Vec::new();
    for Field { member, kind, origin } in fields {
        let place = kind.span().resolved_at(Span::mixed_site());
        let value = match origin {
            Origin::Cell { column, default } => {
                let (number, required) = (cells.len(), !default);
                let field = match member {
                    Member::Named(field) => field.unraw().to_string(),
                    Member::Unnamed(field) => field.index.to_string(),
                };
                cells.push(quote!((#field, #column, #required)));
                let method = if *default { quote!(value_or_default) } else { quote!(value) };
                quote_spanned!(place=> positions.#method::<#kind>(row, #number)?)
            }
            Origin::Part => {
                let number = parts.len();
                parts.push(quote_spanned!(place=> ?.part::<#kind>(columns)));
                quote_spanned!(place=> positions.read_part::<#kind>(row, #number)?)
            }
            Origin::Skipped => quote_spanned!(place=> <#kind as ::core::default::Default>::default()),
        };
        values.push(quote!(#member: #value));
    }
    // Names of its own: a constant called `row` beside the struct does not get in between.
    let own = Span::mixed_site();
    let start = if by_name {
        quote_spanned!(own=> by_name(#title, &[#(#cells),*], columns))
    } else {
        let width = cells.len();
        quote_spanned!(own=> by_number(#title, #width, columns))
    };
    quote_spanned! {own=>
        #[automatically_derived]
        impl #krate::FromRow for #name {
            fn from_row(row: &#krate::rows::RowView<'_>) -> #krate::Result<Self> {
                row.read()
            }
            fn prepare(columns: &[#krate::driver::Column]) -> #krate::Result<#krate::rows::Positions> {
                #krate::rows::Positions::#start #(#parts)*
            }
            fn from_prepared(
                row: &#krate::rows::RowView<'_>,
                positions: &#krate::rows::Positions,
            ) -> #krate::Result<Self> {
                ::core::result::Result::Ok(Self { #(#values),* })
            }
        }
    }
}

/// An impl for a struct with faults, so that the compiler does not say of each use as well that there is none.
fn instead(input: &DeriveInput, krate: &Path) -> TokenStream {
    let name = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics #krate::FromRow for #name #arguments #conditions {
            fn from_row(_: &#krate::rows::RowView<'_>) -> #krate::Result<Self> {
                ::core::unreachable!()
            }
        }
    }
}
