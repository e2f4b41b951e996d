//! `#[rebis(…)]`: what stands there, and every fault in it.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr, Path};

/// The faults of one derive: all are told at once, each at its place.
#[derive(Default)]
pub(crate) struct Faults(Option<syn::Error>);

impl Faults {
    pub(crate) fn add(&mut self, fault: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(fault),
            None => self.0 = Some(fault),
        }
    }

    pub(crate) fn at(&mut self, place: Span, text: impl std::fmt::Display) {
        self.add(syn::Error::new(place, text));
    }

    pub(crate) fn told(self) -> Option<syn::Error> {
        self.0
    }
}

/// What is said of a struct.
pub(crate) struct OfStruct {
    /// The crate that has `FromRow`.
    pub(crate) krate: Path,
}

impl OfStruct {
    pub(crate) fn read(attributes: &[Attribute], faults: &mut Faults) -> OfStruct {
        let mut krate = syn::parse_quote!(::rebis);
        each(attributes, faults, |meta, faults| {
            if !meta.path.is_ident("crate") {
                return unknown(meta, "a struct takes `crate = \"rebis_core\"`", faults);
            }
            let name: LitStr = meta.value()?.parse()?;
            match name.parse_with(Path::parse_mod_style) {
                Ok(path) => krate = path,
                Err(_) => faults.at(name.span(), "not the path of a crate, such as \"rebis_core\""),
            }
            Ok(())
        });
        OfStruct { krate }
    }
}

/// What is said of a field.
#[derive(Default)]
pub(crate) struct OfField {
    pub(crate) column: Option<LitStr>,
    pub(crate) flatten: Option<Span>,
    pub(crate) default: Option<Span>,
    pub(crate) skip: Option<Span>,
}

impl OfField {
    pub(crate) fn read(attributes: &[Attribute], faults: &mut Faults) -> OfField {
        let mut field = OfField::default();
        each(attributes, faults, |meta, faults| field.take(meta, faults));
        field.check(faults);
        field
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>, faults: &mut Faults) -> syn::Result<()> {
        let place = meta.path.get_ident().map_or_else(Span::call_site, syn::Ident::span);
        let flag = match () {
            () if meta.path.is_ident("column") => {
                let name: LitStr = meta
                    .value()
                    .and_then(syn::parse::ParseBuffer::parse)
                    .map_err(|_| syn::Error::new(place, "a column's name is a text: `column = \"name\"`"))?;
                if name.value().is_empty() {
                    faults.at(name.span(), "a column's name is not empty");
                }
                self.column = Some(name);
                return Ok(());
            }
            () if meta.path.is_ident("flatten") => &mut self.flatten,
            () if meta.path.is_ident("default") => &mut self.default,
            () if meta.path.is_ident("skip") => &mut self.skip,
            () => {
                let takes = "a field takes `column = \"name\"`, `flatten`, `default` and `skip`";
                return unknown(meta, takes, faults);
            }
        };
        *flag = Some(place);
        Ok(())
    }

    fn check(&self, faults: &mut Faults) {
        if let Some(place) = self.skip
            && (self.column.is_some() || self.flatten.is_some() || self.default.is_some())
        {
            faults.at(place, "a field that is skipped takes nothing from the row; leave the other words out");
        }
        if let (Some(place), Some(_), _) | (Some(place), _, Some(_)) =
            (self.flatten, &self.column, self.default)
        {
            let text = "a flattened field has columns of its own; `column` and `default` go to the fields of its type";
            faults.at(place, text);
        }
    }
}

/// Hands out each word in `#[rebis(…)]`.
fn each(
    attributes: &[Attribute],
    faults: &mut Faults,
    mut take: impl FnMut(&ParseNestedMeta<'_>, &mut Faults) -> syn::Result<()>,
) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("rebis")) {
        if let Err(fault) = attribute.parse_nested_meta(|meta| take(&meta, faults)) {
            faults.add(fault);
        }
    }
}

/// A word that is not known is a fault, and those behind it are looked at all the same.
fn unknown(meta: &ParseNestedMeta<'_>, takes: &str, faults: &mut Faults) -> syn::Result<()> {
    let name = meta.path.get_ident().map_or_else(|| "this".to_owned(), ToString::to_string);
    faults.add(meta.error(format!("`{name}` is not known here; {takes}")));
    if meta.input.peek(syn::Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let inside;
        syn::parenthesized!(inside in meta.input);
        inside.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}
