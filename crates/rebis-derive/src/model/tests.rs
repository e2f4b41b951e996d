use std::io::Write;
use std::process::{Command, Stdio};

use proc_macro2::TokenStream;
use quote::quote;

use super::{expand, snake_case};

/// The messages of the errors that a derive gives.
fn faults(input: TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(expand(input)).unwrap();
    let messages = file.items.iter().filter_map(|item| match item {
        syn::Item::Macro(call) => Some(call.mac.parse_body::<syn::LitStr>().unwrap().value()),
        _ => None,
    });
    messages.collect()
}

fn assert_faults(input: TokenStream, begins: &[&str]) {
    let found = faults(input);
    assert_eq!(found.len(), begins.len(), "{found:#?}");
    for (found, begin) in found.iter().zip(begins) {
        assert!(found.starts_with(begin), "{found} instead of {begin}");
    }
}

/// What is written, as rustfmt shows it.
fn formatted(input: TokenStream) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=100"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    rustfmt.stdin.take().unwrap().write_all(expand(input).to_string().as_bytes()).unwrap();
    let output = rustfmt.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn five_fields_are_less_than_150_lines() {
    let written = formatted(quote! {
        #[rebis(table = "users")]
        struct User {
            #[rebis(primary_key)] id: i64,
            #[rebis(unique, length = 50)] name: String,
            fullname: Option<String>,
            #[rebis(relationship(back_populates = "user", cascade = "all, delete-orphan", order_by = "id"))]
            addresses: Many<Address>,
            #[rebis(relationship(secondary = UserKeyword))]
            keywords: Many<Keyword>,
        }
    });
    let lines = written.lines().count();
    assert!(lines < 150, "{lines} lines:\n{written}");
    // Each field costs few of them.
    let more = formatted(quote! {
        struct User { #[rebis(primary_key)] id: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64, i: i64 }
    });
    let lines = more.lines().count();
    assert!(lines < 200, "{lines} lines:\n{more}");
}

#[test]
fn every_fault_is_told_at_once() {
    assert_faults(
        quote! {
            #[rebis(tabel = "users", version = counter, unique(nmae), index, check)]
            struct User {
                id: i64,
                #[rebis(column = 7)] a: i64,
                #[rebis(lenght = 50)] name: String,
                #[rebis(on_delete = "cascade")] b: i64,
                #[rebis(foreign_key = User::id, on_delete = "vanish")] c: i64,
                #[rebis(server_default = "now()")] d: String,
                #[rebis(column = "id")] e: i64,
                #[rebis(skip, unique)] f: i64,
                #[rebis(relationship)] g: Vec<User>,
                h: Many<Address>,
                #[rebis(relationship(cascade = "al", back_populate = "x"), column = "x")] i: Many<Address>,
                #[rebis(relationship(cascade = "delete-orphan", secondary = Other))] j: One<Address>,
                #[rebis(autoincrement)] k: i64,
            }
        },
        &[
            "`tabel` is not known here; a model takes",
            "`index` of a model names its fields",
            "`check` takes a value",
            "`column` is written `column = \"name\"`",
            "`lenght` is not known here; a field takes",
            "this is said of a foreign key",
            "one of \"cascade\", \"restrict\"",
            "a field with a server_default is an `Option`",
            "the field `id` has the column 'id' already",
            "a field that is skipped is no column; `unique` says nothing here",
            "a relationship is a field of the type `Many<T>` or `One<T>`",
            "this type is for relationships",
            "`al` is not known here; the words of a cascade are",
            "`back_populate` is not known here; a relationship takes",
            "a relationship is no column; `column` goes to the field of its foreign key",
            "delete-orphan goes with delete",
            "a relationship with a `secondary` table has many objects",
            "the database counts a primary key",
            "a model has a primary key",
            "`nmae` is no column's field; there are `id`, `a`",
            "`counter` is no column's field",
        ],
    );
}

#[test]
fn faults_of_deferred_and_embedded_fields() {
    assert_faults(
        quote! {
            #[rebis(version = version)]
            struct A {
                #[rebis(primary_key)] id: Deferred<i64>,
                #[rebis(deferred)] text: String,
                #[rebis(foreign_key = B::id)] b: Deferred<i64>,
                version: Deferred<i64>,
                #[rebis(prefix = "x")] c: String,
                #[rebis(embedded, skip)] d: Place,
                #[rebis(embedded, length = 8)] e: Place,
                #[rebis(deferred = 7)] f: Deferred<i64>,
            }
        },
        &[
            "a primary key is read with each object",
            "a deferred column is a field of the type `Deferred<T>`",
            "a foreign key is read with each object",
            "a prefix is said of an embedded struct",
            "an embedded struct is columns; it is neither skipped nor a relationship",
            "an embedded struct is several columns; `length` goes to one of its own fields",
            "`deferred` is written `deferred = \"group\"`",
            "a version is read with each object",
        ],
    );
    let told = super::expand_embedded(quote! {
        #[rebis(table = "x")]
        struct Place<T> { #[rebis(primary_key)] id: i64, a: Deferred<i64>, b: Many<B>, #[rebis(embedded)] c: D }
    });
    let told = told.to_string();
    for part in [
        "an embedded struct takes `crate`",
        "an embedded struct has no generics",
        "keys go to the model",
        "a deferred one goes to the model",
        "relationships and what is skipped go to the model",
        "another embedded struct goes to the model",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    for none in [quote! { enum A { B } }, quote! { struct A; }, quote! { struct A(i64); }] {
        assert!(super::expand_embedded(none).to_string().contains("embedded struct"));
    }
}

#[test]
fn faults_of_keys() {
    let begins = ["a primary key is never NULL"];
    assert_faults(quote! { struct A { #[rebis(primary_key)] id: Option<String> } }, &begins);
    let begins = ["the database counts a key that is alone"];
    let two =
        quote! { struct A { #[rebis(primary_key, autoincrement)] id: i64, #[rebis(primary_key)] b: i64 } };
    assert_faults(two, &begins);
    let begins = ["a key that the database counts has no default"];
    let given = quote! { struct A { #[rebis(primary_key, autoincrement, type = SqlType::Text)] id: i64 } };
    assert_faults(given, &begins);
    let uneven = quote! {
        #[rebis(foreign_key(columns(id), refers(A::a, A::b)))]
        struct A { #[rebis(primary_key)] id: i64 }
    };
    assert_faults(uneven, &["a foreign key of a model is written"]);
}

#[test]
fn only_structs_with_named_fields_and_without_generics() {
    assert_faults(quote! { enum Size { Small } }, &["a model is a struct, not an enum"]);
    assert_faults(quote! { union Both { a: u8 } }, &["a model is a struct, not a union"]);
    assert_faults(quote! { struct Id(i64); }, &["the fields of a model have names"]);
    assert_faults(quote! { struct Nothing; }, &["the fields of a model have names"]);
    let begins = ["a model has no generics", "a model has no generics", "a model has no generics"];
    assert_faults(quote! { struct A<'a, T, const N: usize> { #[rebis(primary_key)] id: i64 } }, &begins);
}

#[test]
fn what_a_key_is() {
    let of = |fields: TokenStream| expand(quote! { struct A { #fields } }).to_string();
    assert!(of(quote! { #[rebis(primary_key)] id: i64 }).contains("counted :: < i64 >"));
    assert!(of(quote! { #[rebis(primary_key)] id: Option<u32> }).contains("counted :: < Option < u32 > >"));
    assert!(of(quote! { #[rebis(primary_key, autoincrement)] id: Id }).contains("counted :: < Id >"));
    for natural in [
        quote! { #[rebis(primary_key, autoincrement = false)] id: i64 },
        quote! { #[rebis(primary_key, foreign_key = B::id)] id: i64 },
        quote! { #[rebis(primary_key)] id: String },
        quote! { #[rebis(primary_key)] id: i64, #[rebis(primary_key)] other: i64 },
    ] {
        let written = of(natural);
        assert!(!written.contains("counted") && written.contains(". primary_key ()"), "{written}");
    }
}

#[test]
fn another_crate_may_have_the_traits() {
    let written =
        expand(quote! { #[rebis(crate = "a::b")] struct A { #[rebis(primary_key)] id: i64 } }).to_string();
    assert!(written.contains("impl a :: b :: mapper :: derived :: Model for A"), "{written}");
    assert!(!written.contains(":: rebis"), "{written}");
}

#[test]
fn tables_are_called_like_their_structs() {
    let names = [
        ("User", "user"),
        ("UserKeyword", "user_keyword"),
        ("HTTPServer", "http_server"),
        ("Line2", "line2"),
    ];
    for (given, expected) in names {
        assert_eq!(snake_case(given), expected);
    }
    assert_eq!(snake_case("Snake_Case"), "snake_case");
}
