//! `#[rebis(…)]`: what stands there, and every fault in it.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
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
            if let Some(path) = crate_path(&name, faults) {
                krate = path;
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

/// The crate in `crate = "…"`.
pub(crate) fn crate_path(name: &LitStr, faults: &mut Faults) -> Option<Path> {
    match name.parse_with(Path::parse_mod_style) {
        Ok(path) => Some(path),
        Err(_) => {
            faults.at(name.span(), "not the path of a crate, such as \"rebis_core\"");
            None
        }
    }
}

/// Hands out each word in `#[rebis(…)]`.
pub(crate) fn each(
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
pub(crate) fn unknown(meta: &ParseNestedMeta<'_>, takes: &str, faults: &mut Faults) -> syn::Result<()> {
    let text = format!("`{}` is not known here; {takes}", name_of(meta));
    faults.add(meta.error(text));
    skip_value(meta)
}

/// How the word is called.
pub(crate) fn name_of(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map_or_else(|| "this".to_owned(), ToString::to_string)
}

/// Passes by what stands behind a word.
fn skip_value(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(syn::Token![=]) {
        meta.input.parse::<syn::Token![=]>()?;
        up_to_comma(meta.input)?;
    } else if meta.input.peek(syn::token::Paren) {
        let inside;
        syn::parenthesized!(inside in meta.input);
        inside.parse::<TokenStream>()?;
    }
    Ok(())
}

/// What stands behind `word =`, up to the next comma; a fault when there is nothing.
pub(crate) fn value(
    meta: &ParseNestedMeta<'_>,
    example: &str,
    faults: &mut Faults,
) -> syn::Result<Option<TokenStream>> {
    if !meta.input.peek(syn::Token![=]) {
        faults.at(meta.path.span(), format!("`{}` takes a value: `{example}`", name_of(meta)));
        skip_value(meta)?;
        return Ok(None);
    }
    meta.input.parse::<syn::Token![=]>()?;
    let tokens = up_to_comma(meta.input)?;
    if tokens.is_empty() {
        faults.at(meta.path.span(), format!("`{}` takes a value: `{example}`", name_of(meta)));
        return Ok(None);
    }
    Ok(Some(tokens))
}

/// The same, as something that can be parsed; a fault when it is something else.
pub(crate) fn parsed<T: syn::parse::Parse>(
    meta: &ParseNestedMeta<'_>,
    example: &str,
    faults: &mut Faults,
) -> syn::Result<Option<T>> {
    let Some(tokens) = value(meta, example, faults)? else { return Ok(None) };
    match syn::parse2::<T>(tokens.clone()) {
        Ok(value) => Ok(Some(value)),
        Err(_) => {
            faults
                .add(syn::Error::new_spanned(tokens, format!("`{}` is written `{example}`", name_of(meta))));
            Ok(None)
        }
    }
}

/// The same, as a text that is not empty.
pub(crate) fn text(
    meta: &ParseNestedMeta<'_>,
    example: &str,
    faults: &mut Faults,
) -> syn::Result<Option<LitStr>> {
    let text: Option<LitStr> = parsed(meta, example, faults)?;
    if let Some(empty) = text.as_ref().filter(|text| text.value().is_empty()) {
        faults.at(empty.span(), format!("`{}` is not empty", name_of(meta)));
        return Ok(None);
    }
    Ok(text)
}

/// Tokens up to the next comma that is in no parentheses.
fn up_to_comma(input: syn::parse::ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(syn::Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?.to_tokens(&mut tokens);
    }
    Ok(tokens)
}
