//! `#[derive(Model)]`: a struct → what it says of its table, its columns and its relations → the impls.

mod attributes;
mod embedded;
mod emit;
mod emit_relations;
mod relations;
#[cfg(test)]
mod tests;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Fields, GenericArgument, Ident, LitStr, PathArguments, Type, Visibility,
};

pub(crate) use self::embedded::expand as expand_embedded;

use self::attributes::{OfField, OfModel};
use self::relations::{OfRelation, shape};
use crate::attributes::Faults;

/// A model as it was written.
struct Model<'i> {
    input: &'i DeriveInput,
    said: OfModel,
    columns: Vec<Column<'i>>,
    embedded: Vec<Part<'i>>,
    relations: Vec<Relation<'i>>,
    /// Fields that are neither, with their types.
    skipped: Vec<(&'i Ident, &'i Type)>,
}

struct Column<'i> {
    field: &'i Ident,
    /// What is said to readers, which the constant says as well.
    docs: Vec<&'i Attribute>,
    visibility: &'i Visibility,
    constant: Ident,
    name: LitStr,
    /// The type of its values.
    kind: &'i Type,
    /// That of the field: another one where the column is deferred.
    stored: &'i Type,
    /// Its place among the fields: deferred columns are numbered behind all others.
    place: usize,
    counted: bool,
    said: OfField,
}

/// A field whose own fields are columns.
struct Part<'i> {
    field: &'i Ident,
    docs: Vec<&'i Attribute>,
    visibility: &'i Visibility,
    constant: Ident,
    kind: &'i Type,
    prefix: String,
    /// Its place among the fields.
    place: usize,
}

struct Relation<'i> {
    field: &'i Ident,
    /// What is said to readers, which the constant says as well.
    docs: Vec<&'i Attribute>,
    visibility: &'i Visibility,
    constant: Ident,
    many: bool,
    target: &'i Type,
    said: OfRelation,
}

/// The impls, or every fault at once beside impls that keep other errors from following.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(fault) => return fault.into_compile_error(),
    };
    let mut faults = Faults::default();
    let model = read(&input, &mut faults);
    match faults.told() {
        None => emit::written(&model),
        Some(faults) => {
            let (errors, instead) = (faults.into_compile_error(), emit::instead(&model));
            quote!(#errors #instead)
        }
    }
}

fn read<'i>(input: &'i DeriveInput, faults: &mut Faults) -> Model<'i> {
    let said = OfModel::read(&input.attrs, faults);
    let (columns, embedded, relations, skipped) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut model = Model { input, said, columns, embedded, relations, skipped };
    for parameter in &input.generics.params {
        let text = "a model has no generics and no lifetimes: there is one table for it, and its fields own what they hold";
        faults.at(parameter.span(), text);
    }
    let data = match &input.data {
        Data::Struct(data) => data,
        Data::Enum(data) => {
            let text = "a model is a struct, not an enum; for one column of an enum, see `rebis::sql_enum!`";
            faults.at(data.enum_token.span, text);
            return model;
        }
        Data::Union(data) => {
            faults.at(data.union_token.span, "a model is a struct, not a union");
            return model;
        }
    };
    let Fields::Named(fields) = &data.fields else {
        faults.at(input.ident.span(), "the fields of a model have names: they are its columns");
        return model;
    };
    for field in &fields.named {
        model.field(field, faults);
    }
    model.check(faults);
    model
}

impl<'i> Model<'i> {
    fn field(&mut self, field: &'i syn::Field, faults: &mut Faults) {
        let Some(ident) = &field.ident else { return };
        let mut said = OfField::read(&field.attrs, faults);
        let constant = said.constant.clone().unwrap_or_else(|| ident.clone());
        let relation = shape(&field.ty);
        if said.skip.is_some() {
            self.skipped.push((ident, &field.ty));
            return;
        }
        if let Some((place, said)) = said.relation.take() {
            let Some(shape) = relation else {
                let text = "a relationship is a field of the type `Many<T>` or `One<T>`";
                faults.at(field.ty.span(), text);
                self.skipped.push((ident, &field.ty));
                return;
            };
            if said.secondary.is_some() && !shape.many {
                faults.at(place, "a relationship with a `secondary` table has many objects: `Many<T>`");
            }
            self.relations.push(Relation {
                field: ident,
                docs: docs(field),
                visibility: &field.vis,
                constant,
                many: shape.many,
                target: shape.target,
                said,
            });
            return;
        }
        if said.embedded.is_some() {
            self.embedded.push(Part {
                field: ident,
                docs: docs(field),
                visibility: &field.vis,
                constant,
                kind: &field.ty,
                prefix: said.prefix.as_ref().map(LitStr::value).unwrap_or_default(),
                place: self.columns.len() + self.embedded.len(),
            });
            return;
        }
        if relation.is_some() {
            let text = "this type is for relationships; write `#[rebis(relationship)]` above it, or `#[rebis(skip)]`";
            faults.at(field.ty.span(), text);
        }
        let place = self.columns.len() + self.embedded.len();
        let Some(column) = column_of(field, said, place, faults) else { return };
        let name = &column.name;
        if let Some(other) = self.columns.iter().find(|column| column.name.value() == name.value()) {
            let text = format!("the field `{}` has the column '{}' already", other.field, name.value());
            faults.at(name.span(), text);
        }
        self.columns.push(column);
    }

    fn check(&mut self, faults: &mut Faults) {
        let keys = self.columns.iter().filter(|column| column.said.primary_key.is_some()).count();
        if keys == 0 {
            let text = "a model has a primary key, by which its objects are known: write `#[rebis(primary_key)]` above a field";
            faults.at(self.input.ident.span(), text);
        }
        for column in &mut self.columns {
            column.count(keys, faults);
        }
        self.fields_exist(faults);
        self.columns.sort_by_key(Column::is_deferred);
    }

    /// The fields of this model that attributes name.
    fn fields_exist(&self, faults: &mut Faults) {
        let said = &self.said;
        let groups = said.unique.iter().chain(&said.indexes).flat_map(|group| &group.fields);
        let named = groups.chain(said.foreign_keys.iter().flat_map(|key| &key.fields)).chain(&said.version);
        let joined =
            self.relations.iter().flat_map(|relation| relation.said.join.iter().map(|(near, _)| near));
        let named = named.chain(joined);
        for name in said.version.iter().filter(|name| self.column(name).is_some_and(Column::is_deferred)) {
            faults.at(name.span(), "a version is read with each object; it cannot be deferred");
        }
        for name in named {
            if self.column(name).is_none() {
                let names: Vec<String> =
                    self.columns.iter().map(|column| format!("`{}`", column.field)).collect();
                faults.at(
                    name.span(),
                    format!("`{name}` is no column's field; there are {}", names.join(", ")),
                );
            }
        }
    }

    /// The column of a field.
    fn column(&self, field: &Ident) -> Option<&Column<'i>> {
        self.columns.iter().find(|column| column.field.unraw() == field.unraw())
    }

    /// What the table is called: as the struct, in lower case with underscores, unless it is said.
    fn table(&self) -> LitStr {
        let ident = &self.input.ident;
        let name = || LitStr::new(&snake_case(&ident.unraw().to_string()), ident.span());
        self.said.table.clone().unwrap_or_else(name)
    }
}

impl Column<'_> {
    fn is_deferred(&self) -> bool {
        !std::ptr::eq(self.kind, self.stored)
    }

    /// Whether the database counts it: a whole number that is the key alone, unless something else gives it its value.
    fn count(&mut self, keys: usize, faults: &mut Faults) {
        let Some(place) = self.said.primary_key else { return };
        let said = &self.said;
        let given = said.foreign_key.is_some()
            || said.default.is_some()
            || said.server_default.is_some()
            || said.computed.is_some()
            || said.sql_type.is_some()
            || said.length.is_some();
        let inner = optional(self.kind).unwrap_or(self.kind);
        self.counted = match &said.autoincrement {
            Some(said) => said.value,
            None => keys == 1 && !given && is_integer(inner),
        };
        if self.counted && given {
            let text =
                "a key that the database counts has no default, no foreign key and no type but its field's";
            faults.at(place, text);
        }
        if self.counted && keys > 1 {
            faults.at(place, "the database counts a key that is alone; leave `autoincrement` out");
        }
        if !self.counted && optional(self.kind).is_some() && said.server_default.is_none() {
            faults.at(
                place,
                "a primary key is never NULL; only one that the database makes can be an `Option`",
            );
        }
    }
}

/// A field as a column.
fn column_of<'i>(
    field: &'i syn::Field,
    said: OfField,
    place: usize,
    faults: &mut Faults,
) -> Option<Column<'i>> {
    let ident = field.ident.as_ref()?;
    let deferred = argument(&field.ty, "Deferred");
    said.check_deferred(deferred.is_some(), faults);
    let kind = deferred.unwrap_or(&field.ty);
    let unraw = ident.unraw().to_string();
    let name = said.column.clone().unwrap_or_else(|| LitStr::new(&unraw, ident.span()));
    if let (Some(default), None) = (&said.server_default, optional(kind).or(deferred)) {
        let text = "a field with a server_default is an `Option`: where it is None, the database puts the default in; add \
                    `not_null` for a column that is never NULL";
        faults.add(syn::Error::new_spanned(default, text));
    }
    Some(Column {
        field: ident,
        docs: docs(field),
        visibility: &field.vis,
        constant: said.constant.clone().unwrap_or_else(|| ident.clone()),
        name,
        kind,
        stored: &field.ty,
        place,
        counted: false,
        said,
    })
}

fn docs(field: &syn::Field) -> Vec<&Attribute> {
    field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).collect()
}

/// What an `Option` holds.
fn optional(kind: &Type) -> Option<&Type> {
    argument(kind, "Option")
}

/// The parameter of a type of that name.
fn argument<'t>(kind: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = kind else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(kind)) => Some(kind),
        _ => None,
    }
}

fn is_integer(kind: &Type) -> bool {
    const INTEGERS: [&str; 6] = ["i16", "i32", "i64", "u16", "u32", "u64"];
    let Type::Path(path) = kind else { return false };
    path.path.get_ident().is_some_and(|name| INTEGERS.iter().any(|integer| name == integer))
}

/// `UserKeyword` → `user_keyword`.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut made = String::with_capacity(name.len() + 4);
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| letters.get(before));
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                let word_ends = letters.get(index + 1).is_some_and(|next| next.is_lowercase());
                *before != '_' && (!before.is_uppercase() || word_ends)
            });
        if begins {
            made.push('_');
        }
        made.extend(letter.to_lowercase());
    }
    made
}

/// The name of a constant, as a text.
fn called(constant: &Ident) -> LitStr {
    LitStr::new(&constant.unraw().to_string(), constant.span())
}

/// A type's place, for what is written of it: errors point there, and names are the derive's own.
fn place_of(kind: &Type) -> Span {
    kind.span().resolved_at(Span::mixed_site())
}
