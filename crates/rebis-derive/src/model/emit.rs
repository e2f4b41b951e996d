//! The impls of a model: constants, the table, and a few functions that name fields by number. What can be a call is one, of
//! `rebis::mapper::derived`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, Lit, LitStr, Type};

use super::attributes::Actions;
use super::emit_relations::related;
use super::{Column, Model, Part, Relation, called, place_of};

/// Names of the derive's own. Those of parameters begin with `__`: a constant called `row` beside the struct would be a pattern.
pub(super) fn own() -> Span {
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
            fn read_column(&self, _: usize) -> #derived::Bound<'_> { ::core::unreachable!() }
            fn write_column(&mut self, _: usize, _: #derived::ValueRef<'_>) -> #derived::Written {
                ::core::unreachable!()
            }
            fn same_column(&self, _: &Self, _: usize) -> bool { ::core::unreachable!() }
            fn take_related(&mut self, _: usize) -> #derived::Taken { ::core::unreachable!() }
            fn decode<__P: #derived::Place>(_: &#derived::RowView<'_>, _: __P) -> #derived::Result<Self> {
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
    let parts = model.embedded.iter().enumerate().map(|(number, part)| {
        let Part { docs, visibility, constant, kind, .. } = part;
        let place = place_of(kind);
        let columns = quote_spanned!(place=> <#kind as #derived::Embedded>::Columns<#number, #name>);
        quote_spanned! {place=>
            #(#docs)*
            #visibility const #constant: #columns = <#columns as #derived::NamedColumns>::NAMED;
        }
    });
    let prefixes = model.prefixes(&derived);
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
        #(#prefixes)*
        #[automatically_derived]
        #[allow(non_upper_case_globals, missing_docs, dead_code)]
        impl #holder {
            #(#columns)*
            #(#parts)*
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
    let schema = option(model.said.schema.as_ref());
    let mut parts: Vec<TokenStream> = Vec::new();
    parts.extend(model.said.schema.iter().map(|schema| quote!(.schema(#schema))));
    parts.extend(model.said.comment.iter().map(|comment| quote!(.comment(#comment))));
    let mut declared: Vec<&Column<'_>> = model.columns.iter().collect();
    declared.sort_by_key(|column| column.place);
    let mut of_table: Vec<(usize, TokenStream)> = Vec::new();
    of_table.extend(declared.iter().map(|column| {
        let part = described(column, &derived);
        (column.place, quote!(.column(#part)))
    }));
    of_table.extend(model.embedded.iter().map(|Part { kind, prefix, place, .. }| {
        (*place, quote_spanned!(place_of(kind)=> .embedded::<#kind>(#prefix)))
    }));
    of_table.sort_by_key(|(place, _)| *place);
    let imported = (!model.embedded.is_empty()).then(|| quote!(use #derived::WithEmbedded as _;));
    parts.extend(of_table.into_iter().map(|(_, part)| part));
    parts.extend(declared.iter().filter_map(|column| foreign_key(column, &derived)));
    parts.extend(table_parts(model, &derived));
    quote_spanned! {own()=>
        #[automatically_derived]
        impl #derived::Entity for #name {
            fn table() -> &'static #derived::Table {
                #imported
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
    let name = &column.name;
    described_as(column, &quote!(#name), derived)
}

/// The same, under this name.
pub(super) fn described_as(column: &Column<'_>, name: &TokenStream, derived: &TokenStream) -> TokenStream {
    let Column { kind, said, counted, .. } = column;
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
    let names = model.columns.iter().filter(|column| !column.is_deferred()).map(|column| &column.name);
    let embedded = model
        .embedded
        .iter()
        .map(|Part { kind, prefix, .. }| quote_spanned!(place_of(kind)=> .embedded::<#kind>(#prefix)));
    let version = model.said.version.as_ref().and_then(|field| model.column(field)).map(|column| {
        let (kind, name) = (column.kind, &column.name);
        quote_spanned!(place_of(kind)=> .version(#derived::version::<#kind>(#name)))
    });
    let deferred = model.columns.iter().filter(|column| column.is_deferred()).map(|column| {
        let (name, group) = (&column.name, column.said.deferred.iter().find_map(|(_, group)| group.as_ref()));
        let group = option(group);
        quote!(.deferred(#name, #group))
    });
    let is_loaded = is_loaded(model, &derived);
    let relations = model.relations.iter().map(|relation| {
        let relation = related(model, relation, &derived);
        quote!(.relation(#relation))
    });
    let accessors = accessors(model, &derived);
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
                #derived::definition::<Self>(&[#(#names),*]) #version #(#embedded)* #(#deferred)* #(#relations)*
            }
            #published
            #accessors
            #is_loaded
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

/// Columns by their numbers.
fn accessors(model: &Model<'_>, derived: &TokenStream) -> TokenStream {
    let fields: Vec<&Ident> = model.columns.iter().map(|column| column.field).collect();
    let kinds: Vec<&Type> = model.columns.iter().map(|column| column.stored).collect();
    let call = |method: TokenStream, arguments: &dyn Fn(&Ident) -> TokenStream| -> Vec<TokenStream> {
        let each = fields.iter().zip(&kinds).enumerate().map(|(number, (field, kind))| {
            let (number, arguments) = (model.pattern(number, derived), arguments(field));
            quote_spanned!(place_of(kind)=> #number => <#kind as #derived::Field>::#method(#arguments),)
        });
        each.collect()
    };
    let parts = |method: TokenStream, arguments: &dyn Fn(&Part<'_>, TokenStream) -> TokenStream| {
        model.embedded_arms(derived, &method, arguments)
    };
    let (read_parts, write_parts, same_parts) = (
        parts(quote!(read_part), &|Part { field, .. }, part| quote_spanned!(own()=> &self.#field, #part)),
        parts(
            quote!(write_part),
            &|Part { field, .. }, part| quote_spanned!(own()=> &mut self.#field, #part, __value),
        ),
        parts(
            quote!(same_part),
            &|Part { field, .. }, part| quote_spanned!(own()=> &self.#field, &__other.#field, #part),
        ),
    );
    let read = call(quote!(read), &|field| quote_spanned!(own()=> &self.#field));
    let write = call(quote!(write), &|field| quote_spanned!(own()=> &mut self.#field, __value));
    let same = call(quote!(same), &|field| quote_spanned!(own()=> &self.#field, &__other.#field));
    quote_spanned! {own()=>
        fn read_column(&self, __column: usize) -> #derived::Bound<'_> {
            match __column {
                #(#read)*
                #(#read_parts)*
                _ => #derived::Bound::NULL,
            }
        }
        fn write_column(&mut self, __column: usize, __value: #derived::ValueRef<'_>) -> #derived::Written {
            match __column {
                #(#write)*
                #(#write_parts)*
                _ => #derived::not_written(),
            }
        }
        fn same_column(&self, __other: &Self, __column: usize) -> bool {
            match __column {
                #(#same)*
                #(#same_parts)*
                _ => true,
            }
        }
    }
}

/// Which of the deferred columns have a value; nothing where there are none.
fn is_loaded(model: &Model<'_>, derived: &TokenStream) -> Option<TokenStream> {
    let numbered = model.columns.iter().enumerate().filter(|(_, column)| column.is_deferred());
    let arms: Vec<TokenStream> = numbered
        .map(|(number, Column { field, kind, .. })| {
            let number = model.pattern(number, derived);
            quote_spanned!(own()=> #number => #derived::Deferred::<#kind>::is_loaded(&self.#field),)
        })
        .collect();
    (!arms.is_empty()).then(|| {
        quote_spanned! {own()=>
            fn is_loaded_column(&self, __column: usize) -> bool {
                match __column {
                    #(#arms)*
                    _ => true,
                }
            }
        }
    })
}

/// An `Option` of a text, written down.
fn option(text: Option<&LitStr>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}

fn decode(model: &Model<'_>, derived: &TokenStream) -> TokenStream {
    let columns = model.columns.iter().enumerate().map(|(number, Column { field, stored: kind, .. })| {
        let number = model.number(number, derived);
        quote_spanned!(place_of(kind)=> #field: <#kind as #derived::Field>::decode(__row, __place, #number)?,)
    });
    let parts = model.embedded.iter().enumerate().map(|(index, Part { field, kind, .. })| {
        let first = model.behind_embedded(index, derived);
        quote_spanned!(place_of(kind)=> #field: <#kind as #derived::Embedded>::decode_part(__row, __place, #first)?,)
    });
    let relations = model.relations.iter().map(|relation| relation.field);
    let skipped = model.skipped.iter().map(|(field, kind)| {
        quote_spanned!(place_of(kind)=> #field: <#kind as ::core::default::Default>::default(),)
    });
    quote_spanned! {own()=>
        fn decode<__P: #derived::Place>(__row: &#derived::RowView<'_>, __place: __P) -> #derived::Result<Self> {
            ::core::result::Result::Ok(Self {
                #(#columns)*
                #(#parts)*
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
