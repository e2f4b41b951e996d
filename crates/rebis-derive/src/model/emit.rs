//! The impls of a model: constants, the table, and a few functions that name fields by number. What can be a call is one, of
//! `rebis::mapper::derived`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, Lit, LitStr, Type};

use super::attributes::Actions;
use super::relations::{Cascade, Name};
use super::{Column, Model, Relation, called, place_of};

/// Names of the derive's own. Those of parameters begin with `__`: a constant called `row` beside the struct would be a pattern.
fn own() -> Span {
    Span::mixed_site()
}

pub(super) fn written(model: &Model<'_>) -> TokenStream {
    let parts = [constants(model), entity(model), implementation(model), from_row(model)];
    quote!(#(#parts)*)
}

/// What stands there for a struct with faults, so that the compiler does not say of each use as well that there is nothing.
pub(super) fn instead(model: &Model<'_>) -> TokenStream {
    if !model.input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let (name, derived) = (&model.input.ident, derived(model));
    let constants = constants(model);
    quote_spanned! {own()=>
        #constants
        impl #derived::Entity for #name {
            fn table() -> &'static #derived::Table { ::core::unreachable!() }
        }
        impl #derived::Model for #name {
            fn name() -> &'static str { ::core::unreachable!() }
            fn definition() -> #derived::Definition { ::core::unreachable!() }
            fn published() -> &'static #derived::Mappers { ::core::unreachable!() }
            fn read_column(&self, _: usize) -> #derived::Value { ::core::unreachable!() }
            fn write_column(&mut self, _: usize, _: #derived::ValueRef<'_>) -> #derived::Written {
                ::core::unreachable!()
            }
            fn same_column(&self, _: &Self, _: usize) -> bool { ::core::unreachable!() }
            fn take_related(&mut self, _: usize) -> #derived::Taken { ::core::unreachable!() }
            fn decode<P: #derived::Place>(_: &#derived::RowView<'_>, _: P) -> #derived::Result<Self> {
                ::core::unreachable!()
            }
            fn decode_key(_: &#derived::RowView<'_>, _: usize) -> #derived::Result<#derived::Keys> {
                ::core::unreachable!()
            }
        }
        impl #derived::FromRow for #name {
            fn from_row(_: &#derived::RowView<'_>) -> #derived::Result<Self> { ::core::unreachable!() }
        }
    }
}

fn derived(model: &Model<'_>) -> TokenStream {
    let krate = &model.said.krate;
    quote_spanned!(own()=> #krate::mapper::derived)
}

// ---- names ----

/// `User::name`, `User::addresses`.
fn constants(model: &Model<'_>) -> TokenStream {
    let (name, derived) = (&model.input.ident, derived(model));
    let columns = model.columns.iter().map(|column| {
        let Column { docs, visibility, constant, kind, name: column, .. } = column;
        quote_spanned! {own()=>
            #(#docs)*
            #visibility const #constant: #derived::Column<#name, #kind> = #derived::Column::new(#column);
        }
    });
    let relations = model.relations.iter().enumerate().map(|(number, relation)| {
        let Relation { docs, visibility, constant, many, target, .. } = relation;
        let kind = if *many { quote!(ToMany) } else { quote!(ToOne) };
        let target = no_self(target, name);
        quote_spanned! {own()=>
            #(#docs)*
            #visibility const #constant: #derived::#kind<#name, #target> = #derived::#kind::new(#number);
        }
    });
    let (holder, begin) = match &model.said.columns {
        None => (name, TokenStream::new()),
        Some(holder) => {
            let visibility = &model.input.vis;
            let text = format!("The columns and relations of [`{}`].", name.unraw());
            let begin = quote_spanned! {own()=>
                #[doc = #text]
                #[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::marker::Copy)]
                #visibility struct #holder;
            };
            (holder, begin)
        }
    };
    quote_spanned! {own()=>
        #begin
        #[automatically_derived]
        #[allow(non_upper_case_globals, missing_docs, dead_code)]
        impl #holder {
            #(#columns)*
            #(#relations)*
        }
    }
}

/// `Self` means another type where the constants have a type of their own.
fn no_self(kind: &Type, name: &Ident) -> TokenStream {
    match kind {
        Type::Path(path) if path.path.is_ident("Self") => quote!(#name),
        kind => quote!(#kind),
    }
}

// ---- the table ----

fn entity(model: &Model<'_>) -> TokenStream {
    let (name, derived, table) = (&model.input.ident, derived(model), model.table());
    let schema = match &model.said.schema {
        Some(schema) => quote!(::core::option::Option::Some(#schema)),
        None => quote!(::core::option::Option::None),
    };
    let mut parts: Vec<TokenStream> = Vec::new();
    parts.extend(model.said.schema.iter().map(|schema| quote!(.schema(#schema))));
    parts.extend(model.said.comment.iter().map(|comment| quote!(.comment(#comment))));
    parts.extend(model.columns.iter().map(|column| {
        let column = described(column, &derived);
        quote!(.column(#column))
    }));
    parts.extend(model.columns.iter().filter_map(|column| foreign_key(column, &derived)));
    parts.extend(table_parts(model, &derived));
    quote_spanned! {own()=>
        #[automatically_derived]
        impl #derived::Entity for #name {
            fn table() -> &'static #derived::Table {
                static TABLE: #derived::Published<#derived::Table> = #derived::Published::new();
                TABLE.get_or_init(|| #derived::table(#derived::Table::build(#table) #(#parts)*))
            }
            fn table_name() -> (::core::option::Option<&'static str>, &'static str) {
                (#schema, #table)
            }
        }
    }
}

/// A column's description.
fn described(column: &Column<'_>, derived: &TokenStream) -> TokenStream {
    let Column { name, kind, said, counted, .. } = column;
    let place = place_of(kind);
    let mut made = match (&said.sql_type, &said.length) {
        _ if *counted => quote_spanned!(place=> #derived::counted::<#kind>(#name)),
        (Some(sql_type), _) => quote_spanned!(place=> #derived::column::<#kind>(#name, #sql_type)),
        (None, Some(length)) => quote_spanned!(place=> #derived::text::<#kind>(#name, #length)),
        (None, None) => quote_spanned!(place=> #derived::ColumnDef::of::<#kind>(#name)),
    };
    let mut add = |said: bool, part: TokenStream| {
        if said {
            made.extend(part);
        }
    };
    add(said.primary_key.is_some() && !counted, quote!(.primary_key()));
    add(said.not_null.is_some() || (said.primary_key.is_some() && !counted), quote!(.not_null()));
    add(said.unique, quote!(.unique()));
    add(said.index, quote!(.index()));
    if let Some(collation) = &said.collation {
        add(true, quote!(.collation(#collation)));
    }
    if let Some(comment) = &said.comment {
        add(true, quote!(.comment(#comment)));
    }
    if let Some(default) = &said.default {
        add(true, quote!(.client_default(#derived::ClientDefault::function(|| #default))));
    }
    if let Some(default) = &said.server_default {
        let default = server_default(default, derived);
        add(true, quote!(.server_default(#default)));
    }
    if let Some(computed) = &said.computed {
        let computed = match syn::parse2::<LitStr>(computed.clone()) {
            Ok(sql) => quote!(#derived::Computed::stored(#sql)),
            Err(_) => computed.clone(),
        };
        add(true, quote!(.computed(#computed)));
    }
    made
}

/// A text is SQL; numbers and truth values are themselves; anything else says itself what it is.
fn server_default(said: &TokenStream, derived: &TokenStream) -> TokenStream {
    match syn::parse2::<Lit>(said.clone()) {
        Ok(Lit::Str(sql)) => quote!(#derived::ServerDefault::Sql(#sql)),
        Ok(Lit::Int(number)) => quote!(#derived::ServerDefault::Integer(#number)),
        Ok(Lit::Bool(truth)) => quote!(#derived::ServerDefault::Boolean(#truth)),
        _ => said.clone(),
    }
}

fn foreign_key(column: &Column<'_>, derived: &TokenStream) -> Option<TokenStream> {
    let Column { name, kind, said, .. } = column;
    let refers = said.foreign_key.as_ref()?;
    let place = syn::spanned::Spanned::span(refers).resolved_at(own());
    let actions = actions(&said.actions, derived);
    let key = quote_spanned!(place=> #derived::foreign_key::<Self, #kind, _, _>(#name, #refers));
    Some(quote!(.foreign_key(#key #actions)))
}

fn actions(said: &Actions, derived: &TokenStream) -> TokenStream {
    let on_delete = said.on_delete.iter().map(|change| quote!(.on_delete(#derived::OnChange::#change)));
    let on_update = said.on_update.iter().map(|change| quote!(.on_update(#derived::OnChange::#change)));
    quote!(#(#on_delete)* #(#on_update)*)
}

/// What is said of several columns.
fn table_parts(model: &Model<'_>, derived: &TokenStream) -> Vec<TokenStream> {
    let said = &model.said;
    let names = |fields: &[Ident]| -> Vec<LitStr> {
        fields.iter().filter_map(|field| model.column(field)).map(|column| column.name.clone()).collect()
    };
    let mut parts = Vec::new();
    for group in &said.unique {
        let (columns, name) = (names(&group.fields), group.name.iter());
        let constraint = quote!(#derived::UniqueConstraint::new([#(#columns),*]) #(.name(#name))*);
        parts.push(quote!(.unique_constraint(#constraint)));
    }
    for group in &said.indexes {
        let columns = names(&group.fields);
        parts.push(match &group.name {
            Some(name) => quote!(.index(#derived::Index::new(#name, [#(#columns),*]))),
            None => quote!(.index(#derived::Index::on([#(#columns),*]))),
        });
    }
    for check in &said.checks {
        parts.push(match syn::parse2::<LitStr>(check.clone()) {
            Ok(sql) => quote!(.check(#derived::CheckConstraint::new(#sql))),
            Err(_) => quote!(.check(#check)),
        });
    }
    for key in &said.foreign_keys {
        let (columns, actions) = (names(&key.fields), actions(&key.actions, derived));
        let kinds = key.fields.iter().filter_map(|field| model.column(field)).map(|column| column.kind);
        let place = key.span.resolved_at(own());
        let pairs = columns.iter().zip(kinds).zip(&key.refers).map(|((column, kind), refers)| {
            let place = syn::spanned::Spanned::span(refers).resolved_at(own());
            quote_spanned!(place=> #derived::pair::<#kind, _, _>(#column, #refers))
        });
        let made = quote_spanned!(place=> #derived::foreign_keys::<Self, _>(&[#(#pairs),*]));
        parts.push(quote!(.foreign_key(#made #actions)));
    }
    parts
}

// ---- the model ----

fn implementation(model: &Model<'_>) -> TokenStream {
    let (name, derived) = (&model.input.ident, derived(model));
    let title = called(name);
    let names = model.columns.iter().map(|column| &column.name);
    let version = model.said.version.as_ref().and_then(|field| model.column(field)).map(|column| {
        let (kind, name) = (column.kind, &column.name);
        quote_spanned!(place_of(kind)=> .version(#derived::version::<#kind>(#name)))
    });
    let relations = model.relations.iter().map(|relation| {
        let relation = related(model, relation, &derived);
        quote!(.relation(#relation))
    });
    let fields: Vec<&Ident> = model.columns.iter().map(|column| column.field).collect();
    let kinds: Vec<&Type> = model.columns.iter().map(|column| column.kind).collect();
    let call = |method: TokenStream, arguments: &dyn Fn(&Ident) -> TokenStream| -> Vec<TokenStream> {
        let each = fields.iter().zip(&kinds).enumerate().map(|(number, (field, kind))| {
            let arguments = arguments(field);
            quote_spanned!(place_of(kind)=> #number => <#kind as #derived::Field>::#method(#arguments),)
        });
        each.collect()
    };
    let read = call(quote!(read), &|field| quote_spanned!(own()=> &self.#field));
    let write = call(quote!(write), &|field| quote_spanned!(own()=> &mut self.#field, __value));
    let same = call(quote!(same), &|field| quote_spanned!(own()=> &self.#field, &__other.#field));
    let taken = model.relations.iter().enumerate().map(|(number, Relation { field, target, many, .. })| {
        let take = if *many { quote!(take_many) } else { quote!(take_one) };
        quote_spanned!(place_of(target)=> #number => #derived::#take::<#target>(&mut self.#field),)
    });
    let published = quote_spanned! {own()=>
        fn published() -> &'static #derived::Mappers {
            static MAPPER: #derived::Mappers = #derived::Mappers::new();
            &MAPPER
        }
    };
    let (decode, decode_key) = (decode(model, &derived), decode_key(model, &derived));
    // At the struct's name: what a model needs beside the derive is said there.
    let place = name.span().resolved_at(own());
    let header = quote_spanned!(place=> impl #derived::Model for #name);
    quote_spanned! {own()=>
        #[automatically_derived]
        #header {
            fn name() -> &'static str {
                #title
            }
            fn definition() -> #derived::Definition {
                #derived::definition::<Self>(&[#(#names),*]) #version #(#relations)*
            }
            #published
            fn read_column(&self, __column: usize) -> #derived::Value {
                match __column {
                    #(#read)*
                    _ => #derived::Value::Null,
                }
            }
            fn write_column(&mut self, __column: usize, __value: #derived::ValueRef<'_>) -> #derived::Written {
                match __column {
                    #(#write)*
                    _ => #derived::not_written(),
                }
            }
            fn same_column(&self, __other: &Self, __column: usize) -> bool {
                match __column {
                    #(#same)*
                    _ => true,
                }
            }
            fn take_related(&mut self, __relation: usize) -> #derived::Taken {
                match __relation {
                    #(#taken)*
                    _ => ::core::option::Option::None,
                }
            }
            #decode
            #decode_key
        }
    }
}

fn decode(model: &Model<'_>, derived: &TokenStream) -> TokenStream {
    let columns = model.columns.iter().enumerate().map(|(number, Column { field, kind, .. })| {
        quote_spanned!(place_of(kind)=> #field: <#kind as #derived::Field>::decode(__row, __place, #number)?,)
    });
    let relations = model.relations.iter().map(|relation| relation.field);
    let skipped = model.skipped.iter().map(|(field, kind)| {
        quote_spanned!(place_of(kind)=> #field: <#kind as ::core::default::Default>::default(),)
    });
    quote_spanned! {own()=>
        fn decode<P: #derived::Place>(__row: &#derived::RowView<'_>, __place: P) -> #derived::Result<Self> {
            ::core::result::Result::Ok(Self {
                #(#columns)*
                #(#relations: ::core::default::Default::default(),)*
                #(#skipped)*
            })
        }
    }
}

fn decode_key(model: &Model<'_>, derived: &TokenStream) -> TokenStream {
    let parts = model.columns.iter().enumerate().filter(|(_, column)| column.said.primary_key.is_some());
    let parts = parts.map(|(number, Column { kind, .. })| {
        quote_spanned!(place_of(kind)=> <#kind as #derived::Field>::decode_key(__row, __first, #number)?)
    });
    quote_spanned! {own()=>
        fn decode_key(__row: &#derived::RowView<'_>, __first: usize) -> #derived::Result<#derived::Keys> {
            #derived::key([#(#parts),*])
        }
    }
}

fn from_row(model: &Model<'_>) -> TokenStream {
    let (name, derived) = (&model.input.ident, derived(model));
    let decode = quote_spanned!(name.span().resolved_at(own())=> <Self as #derived::Model>::decode);
    quote_spanned! {own()=>
        #[automatically_derived]
        impl #derived::FromRow for #name {
            fn from_row(__row: &#derived::RowView<'_>) -> #derived::Result<Self> {
                __row.read()
            }
            fn prepare(__columns: &[#derived::Cells]) -> #derived::Result<#derived::Positions> {
                #derived::positions::<Self>(__columns)
            }
            fn from_prepared(
                __row: &#derived::RowView<'_>,
                __positions: &#derived::Positions,
            ) -> #derived::Result<Self> {
                #decode(__row, __positions)
            }
        }
    }
}

// ---- relations ----

fn related(model: &Model<'_>, relation: &Relation<'_>, derived: &TokenStream) -> TokenStream {
    let Relation { constant, many, target, said, .. } = relation;
    let (name, place) = (called(constant), place_of(target));
    let new = if *many { quote!(many) } else { quote!(one) };
    let mut made = quote_spanned!(place=> #derived::#new::<#target>(#name));
    if let Some(back) = &said.back_populates {
        let (path, name, place) = of(back, &quote!(<#target>));
        let back = quote_spanned!(place=> #derived::back::<#target, Self, _>(#path, #name));
        made.extend(quote!(.back_populates(#back)));
    }
    if let Some(secondary) = &said.secondary {
        let table = match is_type(secondary) {
            true => quote!(<#secondary as #derived::Entity>::table()),
            false => quote!(::core::borrow::Borrow::<#derived::Table>::borrow(&#secondary())),
        };
        made.extend(quote!(.secondary(#table)));
    }
    let keys = said.foreign_keys.iter().map(|name| foreign_key_column(model, relation, name, derived));
    if !said.foreign_keys.is_empty() {
        made.extend(quote!(.foreign_keys([#(#keys),*])));
    }
    for (name, descending) in &said.order_by {
        let (path, _, place) = of(name, &quote!(<#target>));
        let column = quote_spanned!(place=> #derived::column_name::<#target, _>(#path));
        made.extend(quote!(.order_by(#column, #descending)));
    }
    made.extend(said.cascade.map(|said| cascade(said, derived)));
    made.extend(said.loading.as_ref().map(|variant| quote!(.loading(#derived::Loading::#variant))));
    made.extend(said.passive_deletes.then(|| quote!(.passive_deletes())));
    made.extend(said.passive_deletes_all.then(|| quote!(.passive_deletes_all())));
    made.extend(said.active_updates.then(|| quote!(.passive_updates(false))));
    made.extend(said.post_update.then(|| quote!(.post_update())));
    made.extend(said.single_parent.then(|| quote!(.single_parent())));
    made.extend(said.view_only.then(|| quote!(.view_only())));
    made
}

/// A constant by its name: its path, what it is called, and its place.
fn of(name: &Name, holder: &TokenStream) -> (TokenStream, LitStr, Span) {
    match name {
        Name::Of(ident) => (quote!(#holder::#ident), called(ident), ident.span().resolved_at(own())),
        Name::At(path) => {
            let last = path.segments.last().map_or_else(|| Ident::new("_", own()), |last| last.ident.clone());
            (quote!(#path), called(&last), last.span().resolved_at(own()))
        }
    }
}

/// A column of a relation's foreign key: of this model where it has such a field, else of the other one, or of the table between both.
fn foreign_key_column(
    model: &Model<'_>,
    relation: &Relation<'_>,
    name: &Name,
    derived: &TokenStream,
) -> TokenStream {
    let target = relation.target;
    let (holder, of_target) = match (name, &relation.said.secondary) {
        (Name::Of(field), None) if !relation.many && model.column(field).is_some() => {
            let column = model.column(field).map(|column| &column.name);
            return quote!(#column);
        }
        (Name::Of(field), Some(secondary)) if !is_type(secondary) => {
            let name = called(field);
            return quote!(#name);
        }
        (_, Some(secondary)) => (quote!(<#secondary>), quote!(#secondary)),
        (_, None) => (quote!(<#target>), quote!(_)),
    };
    let (path, _, place) = of(name, &holder);
    quote_spanned!(place=> #derived::column_name::<#of_target, _>(#path))
}

/// Whether a path names a type, by the way it is written; otherwise it is a function that returns a table.
fn is_type(path: &syn::Path) -> bool {
    path.segments.last().is_some_and(|last| last.ident.unraw().to_string().starts_with(char::is_uppercase))
}

fn cascade(said: Cascade, derived: &TokenStream) -> TokenStream {
    if said == Cascade::ALL {
        return quote!(.cascade(#derived::Cascade::ALL));
    }
    if said == (Cascade { delete_orphan: true, ..Cascade::ALL }) {
        return quote!(.cascade(#derived::Cascade::ALL.with_delete_orphan()));
    }
    let Cascade { save_update, delete, delete_orphan, merge, expunge, refresh_expire } = said;
    quote! {
        .cascade(#derived::Cascade {
            save_update: #save_update,
            delete: #delete,
            delete_orphan: #delete_orphan,
            merge: #merge,
            expunge: #expunge,
            refresh_expire: #refresh_expire,
        })
    }
}
