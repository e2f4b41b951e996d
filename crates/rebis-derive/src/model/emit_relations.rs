//! The descriptions of a model's relations, as calls of `rebis::mapper::derived`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, LitStr};

use super::emit::own;
use super::relations::{Cascade, Name};
use super::{Column, Model, Relation, called, place_of};

pub(super) fn related(model: &Model<'_>, relation: &Relation<'_>, derived: &TokenStream) -> TokenStream {
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
    for (near, far) in &said.join {
        let Some(Column { name, kind, .. }) = model.column(near) else { continue };
        let place = of(far, &quote!(<#target>)).2;
        // All of the path stands at the name, or the message would.
        let (path, ..) = of(far, &quote_spanned!(place=> <#target>));
        let far = quote_spanned!(place=> #derived::joined::<#kind, #target, _>(#path));
        made.extend(quote!(.join(#name, #far)));
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
        Name::Of(ident) => {
            let place = ident.span().resolved_at(own());
            (quote_spanned!(place=> #holder::#ident), called(ident), place)
        }
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
