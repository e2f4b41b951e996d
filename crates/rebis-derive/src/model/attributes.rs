//! What is said of a model, and of its fields.

use proc_macro2::{Span, TokenStream};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, LitBool, LitInt, LitStr, Path};

use super::relations::OfRelation;
use crate::attributes::{Faults, crate_path, each, name_of, parsed, text, unknown, value};

/// Columns that belong together, by the names of their fields.
pub(super) struct Group {
    pub(super) fields: Vec<Ident>,
    pub(super) name: Option<LitStr>,
}

/// A foreign key of several columns.
pub(super) struct TableKey {
    pub(super) fields: Vec<Ident>,
    pub(super) refers: Vec<Path>,
    pub(super) actions: Actions,
    pub(super) span: Span,
}

/// What a foreign key does when the row that it names changes.
#[derive(Default)]
pub(super) struct Actions {
    pub(super) on_delete: Option<Ident>,
    pub(super) on_update: Option<Ident>,
    /// Where the first of them stands.
    pub(super) place: Option<Span>,
}

/// What is said of the struct.
pub(super) struct OfModel {
    pub(super) krate: Path,
    pub(super) table: Option<LitStr>,
    pub(super) schema: Option<LitStr>,
    pub(super) comment: Option<LitStr>,
    pub(super) version: Option<Ident>,
    pub(super) columns: Option<Ident>,
    pub(super) unique: Vec<Group>,
    pub(super) indexes: Vec<Group>,
    pub(super) checks: Vec<TokenStream>,
    pub(super) foreign_keys: Vec<TableKey>,
}

const OF_MODEL: &str = "a model takes `table`, `schema`, `comment`, `version`, `columns`, `unique(…)`, `index(…)`, `check`, \
                        `foreign_key(…)` and `crate`";

impl OfModel {
    pub(super) fn read(attributes: &[Attribute], faults: &mut Faults) -> OfModel {
        let mut model = OfModel {
            krate: syn::parse_quote!(::rebis),
            table: None,
            schema: None,
            comment: None,
            version: None,
            columns: None,
            unique: Vec::new(),
            indexes: Vec::new(),
            checks: Vec::new(),
            foreign_keys: Vec::new(),
        };
        each(attributes, faults, |meta, faults| model.take(meta, faults));
        model
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>, faults: &mut Faults) -> syn::Result<()> {
        match name_of(meta).as_str() {
            "table" => self.table = text(meta, "table = \"users\"", faults)?,
            "schema" => self.schema = text(meta, "schema = \"shop\"", faults)?,
            "comment" => self.comment = text(meta, "comment = \"…\"", faults)?,
            "version" => self.version = parsed(meta, "version = field", faults)?,
            "columns" => self.columns = parsed(meta, "columns = UserColumns", faults)?,
            "unique" => self.unique.extend(group(meta, faults)?),
            "index" => self.indexes.extend(group(meta, faults)?),
            "check" => self.checks.extend(value(meta, "check = \"price > 0\"", faults)?),
            "foreign_key" => self.foreign_keys.extend(table_key(meta, faults)?),
            "crate" => {
                let name: Option<LitStr> = text(meta, "crate = \"rebis\"", faults)?;
                if let Some(path) = name.and_then(|name| crate_path(&name, faults)) {
                    self.krate = path;
                }
            }
            _ => return unknown(meta, OF_MODEL, faults),
        }
        Ok(())
    }
}

/// `unique(a, b)` and `index(a, b, name = "…")`, or `index = "a, b"`: clippy takes a field that is named in two of the former for an
/// attribute that is there twice.
fn group(meta: &ParseNestedMeta<'_>, faults: &mut Faults) -> syn::Result<Option<Group>> {
    let word = name_of(meta);
    let mut group = Group { fields: Vec::new(), name: None };
    if meta.input.peek(syn::Token![=]) {
        let names = super::relations::names(meta, &format!("{word} = \"a, b\""), false, faults)?;
        if names.is_empty() {
            return Ok(None);
        }
        group.fields.extend(names.into_iter().filter_map(|(name, _)| name.ident()));
    } else if meta.input.peek(syn::token::Paren) {
        meta.parse_nested_meta(|inner| {
            if inner.path.is_ident("name") && inner.input.peek(syn::Token![=]) {
                group.name = text(&inner, "name = \"…\"", faults)?;
            } else {
                group.fields.push(inner.path.require_ident()?.clone());
            }
            Ok(())
        })?;
    }
    if group.fields.is_empty() {
        faults.at(meta.path.span(), format!("`{word}` of a model names its fields: `{word}(a, b)`"));
        return Ok(None);
    }
    Ok(Some(group))
}

/// `foreign_key(columns(a, b), refers(Other::a, Other::b), on_delete = "cascade")`.
fn table_key(meta: &ParseNestedMeta<'_>, faults: &mut Faults) -> syn::Result<Option<TableKey>> {
    const EXAMPLE: &str =
        "a foreign key of a model is written `foreign_key(columns(a, b), refers(Other::a, Other::b))`";
    let span = meta.path.span();
    let mut key = TableKey { fields: Vec::new(), refers: Vec::new(), actions: Actions::default(), span };
    if meta.input.peek(syn::token::Paren) {
        meta.parse_nested_meta(|inner| match name_of(&inner).as_str() {
            "columns" => inner.parse_nested_meta(|field| {
                key.fields.push(field.path.require_ident()?.clone());
                Ok(())
            }),
            "refers" => inner.parse_nested_meta(|column| {
                key.refers.push(column.path);
                Ok(())
            }),
            "on_delete" | "on_update" => key.actions.take(&inner, faults),
            _ => unknown(&inner, "it takes `columns(…)`, `refers(…)`, `on_delete` and `on_update`", faults),
        })?;
    }
    if key.fields.is_empty() || key.fields.len() != key.refers.len() {
        faults.at(span, format!("{EXAMPLE}, with as many on one side as on the other"));
        return Ok(None);
    }
    Ok(Some(key))
}

impl Actions {
    fn take(&mut self, meta: &ParseNestedMeta<'_>, faults: &mut Faults) -> syn::Result<()> {
        let on_delete = meta.path.is_ident("on_delete");
        self.place.get_or_insert(meta.path.span());
        let Some(said) = text(meta, "on_delete = \"cascade\"", faults)? else { return Ok(()) };
        let variant = match said.value().to_ascii_lowercase().as_str() {
            "no action" => "NoAction",
            "restrict" => "Restrict",
            "cascade" => "Cascade",
            "set null" => "SetNull",
            "set default" => "SetDefault",
            _ => {
                let text =
                    "one of \"cascade\", \"restrict\", \"set null\", \"set default\" and \"no action\"";
                faults.at(said.span(), text);
                return Ok(());
            }
        };
        let variant = Some(Ident::new(variant, said.span()));
        if on_delete {
            self.on_delete = variant;
        } else {
            self.on_update = variant;
        }
        Ok(())
    }
}

/// What is said of a field.
#[derive(Default)]
pub(super) struct OfField {
    pub(super) primary_key: Option<Span>,
    pub(super) autoincrement: Option<LitBool>,
    pub(super) column: Option<LitStr>,
    pub(super) constant: Option<Ident>,
    pub(super) unique: bool,
    pub(super) index: bool,
    pub(super) not_null: Option<Span>,
    pub(super) length: Option<LitInt>,
    pub(super) sql_type: Option<TokenStream>,
    pub(super) foreign_key: Option<Path>,
    pub(super) actions: Actions,
    pub(super) default: Option<TokenStream>,
    pub(super) server_default: Option<TokenStream>,
    pub(super) computed: Option<TokenStream>,
    pub(super) collation: Option<LitStr>,
    pub(super) comment: Option<LitStr>,
    /// Where it is said that the column is deferred, and with which others it is loaded.
    pub(super) deferred: Option<(Span, Option<LitStr>)>,
    /// Where it is said that the field's own fields are columns, and what their names begin with.
    pub(super) embedded: Option<Span>,
    pub(super) prefix: Option<LitStr>,
    pub(super) skip: Option<Span>,
    pub(super) relation: Option<(Span, OfRelation)>,
    /// The words that only a column takes, where one of them stands.
    of_column: Option<(String, Span)>,
}

const OF_FIELD: &str = "a field takes `primary_key`, `autoincrement`, `column`, `const`, `unique`, `index`, `not_null`, `length`, \
                        `type`, `foreign_key`, `on_delete`, `on_update`, `default`, `server_default`, `computed`, `collation`, \
                        `comment`, `deferred`, `embedded`, `prefix`, `skip` and `relationship(…)`";

impl OfField {
    pub(super) fn read(attributes: &[Attribute], faults: &mut Faults) -> OfField {
        let mut field = OfField::default();
        each(attributes, faults, |meta, faults| field.take(meta, faults));
        field.check(faults);
        field
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>, faults: &mut Faults) -> syn::Result<()> {
        let (place, word) = (meta.path.span(), name_of(meta));
        match word.as_str() {
            "const" => {
                let name: Option<LitStr> = text(meta, "const = \"name\"", faults)?;
                if let Some(name) = name {
                    match name.parse_with(<Ident as syn::ext::IdentExt>::parse_any) {
                        Ok(ident) => self.constant = Some(as_written(ident)),
                        Err(_) => faults.at(name.span(), "not a name that a constant can have"),
                    }
                }
                return Ok(());
            }
            "embedded" => {
                self.embedded = Some(place);
                return Ok(());
            }
            "prefix" => {
                self.prefix = parsed(meta, "prefix = \"ship_\"", faults)?;
                return Ok(());
            }
            "skip" => {
                self.skip = Some(place);
                return Ok(());
            }
            "relationship" => {
                self.relation = Some((place, OfRelation::read(meta, faults)?));
                return Ok(());
            }
            _ => {}
        }
        match word.as_str() {
            "primary_key" => self.primary_key = Some(place),
            "autoincrement" => {
                self.autoincrement = if meta.input.peek(syn::Token![=]) {
                    parsed(meta, "autoincrement = false", faults)?
                } else {
                    Some(LitBool::new(true, place))
                };
            }
            "column" => self.column = text(meta, "column = \"name\"", faults)?,
            "unique" => self.unique = true,
            "index" => self.index = true,
            "not_null" => self.not_null = Some(place),
            "length" => self.length = parsed(meta, "length = 50", faults)?,
            "type" => self.sql_type = value(meta, "type = SqlType::Text", faults)?,
            "foreign_key" => self.foreign_key = parsed(meta, "foreign_key = User::id", faults)?,
            "on_delete" | "on_update" => self.actions.take(meta, faults)?,
            "default" => self.default = value(meta, "default = 1", faults)?,
            "server_default" => self.server_default = value(meta, "server_default = \"now()\"", faults)?,
            "computed" => self.computed = value(meta, "computed = \"price * 2\"", faults)?,
            "collation" => self.collation = text(meta, "collation = \"C\"", faults)?,
            "comment" => self.comment = text(meta, "comment = \"…\"", faults)?,
            "deferred" => {
                let grouped = meta.input.peek(syn::Token![=]);
                let group = if grouped { text(meta, "deferred = \"group\"", faults)? } else { None };
                self.deferred = Some((place, group));
            }
            _ => return unknown(meta, OF_FIELD, faults),
        }
        self.of_column.get_or_insert((word, place));
        Ok(())
    }

    /// What a deferred column cannot be, and what is none.
    pub(super) fn check_deferred(&self, is_deferred: bool, faults: &mut Faults) {
        if let (Some((place, _)), false) = (&self.deferred, is_deferred) {
            faults.at(*place, "a deferred column is a field of the type `Deferred<T>`");
        }
        if !is_deferred {
            return;
        }
        if let Some(place) = self.primary_key {
            faults.at(place, "a primary key is read with each object; it cannot be deferred");
        }
        if let Some(key) = &self.foreign_key {
            faults.at(key.span(), "a foreign key is read with each object; it cannot be deferred");
        }
    }

    fn check(&mut self, faults: &mut Faults) {
        if let Some((word, place)) = &self.of_column {
            if self.skip.is_some() {
                faults
                    .at(*place, format!("a field that is skipped is no column; `{word}` says nothing here"));
            } else if self.relation.is_some() {
                faults.at(
                    *place,
                    format!("a relationship is no column; `{word}` goes to the field of its foreign key"),
                );
            }
        }
        if let (Some(prefix), None) = (&self.prefix, self.embedded) {
            faults
                .at(prefix.span(), "a prefix is said of an embedded struct: `embedded, prefix = \"ship_\"`");
        }
        if let Some(place) = self.embedded {
            if self.skip.is_some() || self.relation.is_some() {
                faults.at(place, "an embedded struct is columns; it is neither skipped nor a relationship");
            } else if let Some((word, place)) = &self.of_column {
                let text =
                    format!("an embedded struct is several columns; `{word}` goes to one of its own fields");
                faults.at(*place, text);
            }
        }
        if let (Some(place), Some(_)) = (self.skip, &self.relation) {
            faults.at(place, "a relationship that is skipped is none; leave one of both out");
        }
        if let (Some(place), None) = (self.actions.place, &self.foreign_key) {
            faults.at(place, "this is said of a foreign key: `foreign_key = User::id`");
        }
        if let (Some(length), Some(_)) = (&self.length, &self.sql_type) {
            faults.at(
                length.span(),
                "the length is a part of the type that is named: `SqlType::String { length: 50 }`",
            );
        }
        if let (Some(computed), Some(_)) =
            (&self.computed, self.server_default.as_ref().or(self.default.as_ref()))
        {
            faults.at(computed.span(), "a computed column has no default");
        }
        if let (Some(autoincrement), None) = (&self.autoincrement, self.primary_key) {
            faults
                .at(autoincrement.span(), "the database counts a primary key: `primary_key, autoincrement`");
        }
    }
}

/// A name that Rust reserves is written `r#type`.
fn as_written(ident: Ident) -> Ident {
    let text = ident.to_string();
    match syn::parse_str::<Ident>(&text) {
        Ok(_) => ident,
        Err(_) => Ident::new_raw(&text, ident.span()),
    }
}
