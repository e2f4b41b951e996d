//! `relationship(…)`: what is said of a relation.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{GenericArgument, Ident, LitStr, Path, PathArguments, Type};

use crate::attributes::{Faults, name_of, text, unknown, value};

/// The name of a constant: of the other model, or wherever a path says.
pub(super) enum Name {
    Of(Ident),
    At(Path),
}

impl Name {
    /// A bare name, and no path.
    pub(super) fn ident(self) -> Option<Ident> {
        match self {
            Name::Of(ident) => Some(ident),
            Name::At(_) => None,
        }
    }
}

/// What is said of a relation.
#[derive(Default)]
pub(super) struct OfRelation {
    pub(super) back_populates: Option<Name>,
    pub(super) cascade: Option<Cascade>,
    /// And whether descending.
    pub(super) order_by: Vec<(Name, bool)>,
    pub(super) secondary: Option<Path>,
    pub(super) foreign_keys: Vec<Name>,
    /// Fields of this model, and those of the other one that are equal.
    pub(super) join: Vec<(Ident, Name)>,
    /// The variant of `Loading`.
    pub(super) loading: Option<Ident>,
    pub(super) passive_deletes: bool,
    pub(super) passive_deletes_all: bool,
    /// `passive_updates = false`.
    pub(super) active_updates: bool,
    pub(super) post_update: bool,
    pub(super) single_parent: bool,
    pub(super) view_only: bool,
}

/// Which words a cascade has.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cascade {
    pub(super) save_update: bool,
    pub(super) delete: bool,
    pub(super) delete_orphan: bool,
    pub(super) merge: bool,
    pub(super) expunge: bool,
    pub(super) refresh_expire: bool,
}

/// The type of a relation's field.
pub(super) struct Shape<'t> {
    pub(super) many: bool,
    pub(super) target: &'t Type,
}

/// Whether a field's type is `Many<T>` or `One<T>`.
pub(super) fn shape(field: &Type) -> Option<Shape<'_>> {
    let Type::Path(path) = field else { return None };
    let last = path.path.segments.last()?;
    let many = match last.ident.to_string().as_str() {
        "Many" => true,
        "One" => false,
        _ => return None,
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match (arguments.args.first(), arguments.args.len()) {
        (Some(GenericArgument::Type(target)), 1) => Some(Shape { many, target }),
        _ => None,
    }
}

const OF_RELATION: &str = "a relationship takes `back_populates`, `cascade`, `order_by`, `secondary`, `foreign_keys`, \
                           `join`, `loading`, `passive_deletes`, `passive_updates`, `post_update`, `single_parent` and `view_only`";

impl OfRelation {
    pub(super) fn read(meta: &ParseNestedMeta<'_>, faults: &mut Faults) -> syn::Result<OfRelation> {
        let mut relation = OfRelation::default();
        if meta.input.peek(syn::token::Paren) {
            meta.parse_nested_meta(|inner| relation.take(&inner, faults))?;
        }
        Ok(relation)
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>, faults: &mut Faults) -> syn::Result<()> {
        match name_of(meta).as_str() {
            "back_populates" => {
                self.back_populates = one_name(meta, "back_populates = \"user\"", faults)?;
            }
            "cascade" => {
                if let Some(words) = text(meta, "cascade = \"all, delete-orphan\"", faults)? {
                    self.cascade = Cascade::of(&words, faults);
                }
            }
            "order_by" => {
                self.order_by = names(meta, "order_by = \"name, id desc\"", true, faults)?;
            }
            "foreign_keys" => {
                let found = names(meta, "foreign_keys = \"user_id\"", false, faults)?;
                self.foreign_keys = found.into_iter().map(|(name, _)| name).collect();
            }
            "join" => {
                if let Some(words) = text(meta, "join = \"country = code\"", faults)? {
                    self.join = pairs(&words, faults);
                }
            }
            "secondary" => {
                self.secondary = crate::attributes::parsed(meta, "secondary = UserKeyword", faults)?;
            }
            "loading" => {
                if let Some(word) = text(meta, "loading = \"selectin\"", faults)? {
                    self.loading = loading(&word, faults);
                }
            }
            "passive_deletes" if meta.input.peek(syn::Token![=]) => {
                if let Some(word) = text(meta, "passive_deletes = \"all\"", faults)? {
                    self.passive_deletes_all = word.value() == "all";
                    if !self.passive_deletes_all {
                        faults.at(word.span(), "`passive_deletes` is said alone, or is \"all\"");
                    }
                }
            }
            "passive_deletes" => self.passive_deletes = true,
            "passive_updates" => {
                let said: Option<syn::LitBool> =
                    crate::attributes::parsed(meta, "passive_updates = false", faults)?;
                self.active_updates = said.is_some_and(|said| !said.value());
            }
            "post_update" => self.post_update = true,
            "single_parent" => self.single_parent = true,
            "view_only" => self.view_only = true,
            _ => return unknown(meta, OF_RELATION, faults),
        }
        Ok(())
    }
}

/// How related objects come.
fn loading(word: &LitStr, faults: &mut Faults) -> Option<Ident> {
    let variant = match word.value().as_str() {
        "lazy" => "Lazy",
        "immediate" => "Immediate",
        "selectin" => "Selectin",
        "joined" => "Joined",
        "raise" => "Raise",
        "raise_on_sql" => "RaiseOnSql",
        _ => {
            faults.at(word.span(), "`loading` is lazy, selectin, joined, immediate, raise or raise_on_sql");
            return None;
        }
    };
    Some(Ident::new(variant, word.span()))
}

/// A text with a name, or a path.
fn one_name(meta: &ParseNestedMeta<'_>, example: &str, faults: &mut Faults) -> syn::Result<Option<Name>> {
    let mut found = names(meta, example, false, faults)?;
    if found.len() > 1 {
        faults.at(meta.path.span(), format!("one name is enough: `{example}`"));
    }
    Ok(found.pop().map(|(name, _)| name))
}

/// A text with names, or a path.
pub(super) fn names(
    meta: &ParseNestedMeta<'_>,
    example: &str,
    directed: bool,
    faults: &mut Faults,
) -> syn::Result<Vec<(Name, bool)>> {
    let Some(said) = value(meta, example, faults)? else { return Ok(Vec::new()) };
    let wrong = || syn::Error::new_spanned(&said, format!("`{}` is written `{example}`", name_of(meta)));
    if let Ok(path) = syn::parse2::<Path>(said.clone()) {
        // A bare name is as good as one in quotes.
        let name = path.get_ident().cloned().map_or_else(|| Name::At(path), Name::Of);
        return Ok(vec![(name, false)]);
    }
    let Ok(list) = syn::parse2::<LitStr>(said.clone()) else {
        faults.add(wrong());
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for part in list.value().split(',') {
        let words: Vec<&str> = part.split_whitespace().collect();
        let (name, descending) = match words.as_slice() {
            [name] => (name, false),
            [name, direction] if directed && direction.eq_ignore_ascii_case("desc") => (name, true),
            [name, direction] if directed && direction.eq_ignore_ascii_case("asc") => (name, false),
            _ => {
                faults.add(wrong());
                continue;
            }
        };
        match ident(name, list.span()) {
            Some(name) => found.push((Name::Of(name), descending)),
            None => faults.at(list.span(), format!("`{name}` is not the name of a field")),
        }
    }
    Ok(found)
}

/// Fields of this model and of the other one, as in `country = code, kind = kind`; a column of the other one may be a path as well.
fn pairs(words: &LitStr, faults: &mut Faults) -> Vec<(Ident, Name)> {
    let mut found = Vec::new();
    for part in words.value().split(',') {
        let names = part.split_once('=').map(|(near, far)| (near.trim(), far.trim()));
        let fields =
            names.and_then(|(near, far)| Some((ident(near, words.span())?, name(far, words.span())?)));
        match fields {
            Some(pair) => found.push(pair),
            None => faults.at(
                words.span(),
                "`join` is written `join = \"country = code\"`: a field of this model, then the other's that is equal",
            ),
        }
    }
    found
}

/// A field's name, or a path to the constant of a column.
fn name(words: &str, span: Span) -> Option<Name> {
    if let Some(field) = ident(words, span) {
        return Some(Name::Of(field));
    }
    let mut path = syn::parse_str::<Path>(words).ok()?;
    path.segments.iter_mut().for_each(|segment| segment.ident.set_span(span));
    Some(Name::At(path))
}

/// A field's name; one that Rust reserves may be written without `r#`.
fn ident(name: &str, span: Span) -> Option<Ident> {
    let mut ident =
        syn::parse_str::<Ident>(name).or_else(|_| syn::parse_str::<Ident>(&format!("r#{name}"))).ok()?;
    ident.set_span(span);
    Some(ident)
}

impl Cascade {
    pub(super) const ALL: Cascade = Cascade {
        save_update: true,
        delete: true,
        delete_orphan: false,
        merge: true,
        expunge: true,
        refresh_expire: true,
    };

    fn of(words: &LitStr, faults: &mut Faults) -> Option<Cascade> {
        let mut cascade = Cascade::default();
        let text = words.value();
        let mut known = true;
        for word in text.split(',').map(str::trim) {
            match word {
                "all" => cascade = Cascade { delete_orphan: cascade.delete_orphan, ..Cascade::ALL },
                "none" => {}
                "save-update" => cascade.save_update = true,
                "delete" => cascade.delete = true,
                "delete-orphan" => cascade.delete_orphan = true,
                "merge" => cascade.merge = true,
                "expunge" => cascade.expunge = true,
                "refresh-expire" => cascade.refresh_expire = true,
                _ => {
                    known = false;
                    let takes = "the words of a cascade are all, save-update, delete, delete-orphan, merge, expunge, \
                                 refresh-expire and none";
                    faults.at(words.span(), format!("`{word}` is not known here; {takes}"));
                }
            }
        }
        if known && cascade.delete_orphan && !cascade.delete {
            faults.at(words.span(), "delete-orphan goes with delete: `cascade = \"all, delete-orphan\"`");
        }
        known.then_some(cascade)
    }
}
