use proc_macro2::TokenStream;
use quote::quote;

use crate::from_row::expand;

/// The messages of the errors that a derive gives.
fn faults(input: TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(expand(input)).unwrap();
    let messages = file.items.iter().filter_map(|item| match item {
        syn::Item::Macro(call) => Some(call.mac.parse_body::<syn::LitStr>().unwrap().value()),
        _ => None,
    });
    messages.collect()
}

#[test]
fn what_is_written_names_columns_and_positions() {
    let written = expand(quote! {
        struct User {
            id: i64,
            r#type: String,
            #[rebis(column = "full name")] name: Option<String>,
            #[rebis(flatten)] address: Address,
            #[rebis(default)] age: u8,
            #[rebis(skip)] seen: bool,
        }
    });
    let expected = quote! {
        #[automatically_derived]
        impl ::rebis::FromRow for User {
            fn from_row(row: &::rebis::rows::RowView<'_>) -> ::rebis::Result<Self> {
                row.read()
            }
            fn prepare(columns: &[::rebis::driver::Column]) -> ::rebis::Result<::rebis::rows::Positions> {
                ::rebis::rows::Positions::by_name(
                    "User",
                    &[
                        ("id", "id", true),
                        ("type", "type", true),
                        ("name", "full name", true),
                        ("age", "age", false)
                    ],
                    columns
                )?.part::<Address>(columns)
            }
            fn from_prepared(
                row: &::rebis::rows::RowView<'_>,
                positions: &::rebis::rows::Positions,
            ) -> ::rebis::Result<Self> {
                ::core::result::Result::Ok(Self {
                    id: positions.value::<i64>(row, 0usize)?,
                    r#type: positions.value::<String>(row, 1usize)?,
                    name: positions.value::<Option<String> >(row, 2usize)?,
                    address: positions.read_part::<Address>(row, 0usize)?,
                    age: positions.value_or_default::<u8>(row, 3usize)?,
                    seen: <bool as ::core::default::Default>::default()
                })
            }
        }
    };
    assert_eq!(written.to_string(), expected.to_string());
}

#[test]
fn every_fault_is_told_at_once() {
    let found = faults(quote! {
        #[rebis(table = "users")]
        struct User<T> {
            #[rebis(colum = "id", defalt)] id: T,
            #[rebis(column = 7)] name: String,
            #[rebis(skip, default)] age: u8,
            #[rebis(flatten, column = "a")] address: Address,
            #[rebis(column = "")] empty: String,
        }
    });
    let begins = [
        "`table` is not known here; a struct takes",
        "a struct that is read from a row has no generics",
        "`colum` is not known here; a field takes",
        "`defalt` is not known here; a field takes",
        "a column's name is a text",
        "a field that is skipped",
        "a flattened field",
        "a column's name is not empty",
    ];
    assert_eq!(found.len(), begins.len(), "{found:#?}");
    for (found, begin) in found.iter().zip(begins) {
        assert!(found.starts_with(begin), "{found} instead of {begin}");
    }
}

#[test]
fn only_structs_with_fields() {
    let of = |input| faults(input).concat();
    assert!(of(quote! { enum Size { Small } }).starts_with("a row becomes a struct, not an enum"));
    assert!(of(quote! { union Both { a: u8 } }).starts_with("a row becomes a struct, not a union"));
    assert!(of(quote! { struct Nothing; }).starts_with("a struct that is read from a row needs a field"));
    assert!(of(quote! { struct Id(#[rebis(column = "id")] i64); }).starts_with("a tuple struct"));
    assert_eq!(of(quote! { struct Id(i64, #[rebis(skip)] u8); }), "");
}

#[test]
fn another_crate_may_have_the_trait() {
    let written = expand(quote! { #[rebis(crate = "a::b")] struct Id(i64); }).to_string();
    assert!(written.contains("impl a :: b :: FromRow for Id") && !written.contains(":: rebis"), "{written}");
    assert_eq!(faults(quote! { #[rebis(crate = "a b")] struct Id(i64); }).len(), 1);
}
