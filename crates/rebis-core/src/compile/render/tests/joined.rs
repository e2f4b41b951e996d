//! What may be named where, and what may be NULL.

use super::*;

/// Why a statement is refused, on every database alike.
#[track_caller]
fn refused<R>(statement: &Select<R>, word: &str) {
    for dialect in DIALECTS {
        let error = statement.to_sql(dialect).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Statement);
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[track_caller]
fn accepted<R>(statement: &Select<R>) {
    let _ = texts(|dialect| statement.to_sql(dialect));
}

#[test]
fn what_is_not_joined_is_an_error_before_anything_is_sent() {
    refused(&select((User::name, Address::email)), "both used and not joined");
    refused(&select(User::name).from(table::<User>()).filter(Address::email.eq("x")), "join it");
    refused(&select(User::missing), "no column 'nmae'; it has id, name, manager_id");
    let manager = alias::<User>("manager");
    let on = manager.c(User::id).eq(User::manager_id);
    let not_null = select((User::name, manager.c(User::name))).outer_join(&manager, on.clone());
    refused(&not_null, "`.nullable()`");
    let twice = select(User::id).from(table::<User>()).join(table::<User>(), on.clone());
    refused(&twice, "stands twice");
    refused(&select(User::id).join(table::<User>(), on), "nothing to join to");
}

#[test]
fn clauses_name_only_what_is_joined() {
    let users = || select(User::id).from(table::<User>());
    refused(&users().group_by(Address::email), "join it");
    refused(&users().having(Address::user_id.gt(1)), "join it");
    refused(&users().order_by(Address::email), "join it");
    refused(&users().filter(!(User::id.eq(1) & lower(Address::email).eq("x"))), "join it");
    refused(&select(row_number().over(window().order_by(Address::email))).from(table::<User>()), "join it");
    refused(&select(count(User::id).filter(Address::email.eq("x"))).from(table::<User>()), "join it");
    let manager = alias::<User>("manager");
    let other = alias::<User>("other");
    refused(&select(manager.c(User::id)).from(&other), "join it");
    // A query in FROM does not see its neighbours; one in WHERE does.
    let inner = select(User::id).from(table::<User>()).filter(User::id.eq(Address::user_id));
    let beside = inner.clone().subquery("inner");
    refused(&select(Address::email).cross_join(&beside), "join it");
    accepted(&select(Address::email).filter(exists(inner)));
    // A table of the query inside is not one of the query around it.
    let around =
        users().filter(exists(select(Address::email).from(table::<Address>()))).order_by(Address::email);
    refused(&around, "join it");
    let part = select(User::name).union(users().filter(Address::user_id.eq(1)).read_as());
    refused(&part, "join it");
}

#[test]
fn an_on_sees_what_stands_before_it() {
    let manager = alias::<User>("manager");
    let of = manager.c(User::id).eq(User::manager_id);
    let at = || Address::user_id.eq(manager.c(User::id));
    let early =
        select(User::id).from(table::<User>()).join(table::<Address>(), at()).join(&manager, of.clone());
    refused(&early, "is joined later; an ON sees what stands before it");
    accepted(&select(User::id).from(table::<User>()).join(&manager, of).join(table::<Address>(), at()));
}

#[test]
fn columns_of_queries_must_be_there() {
    let users = select((User::id, lower(User::name).label("small")));
    let named = users.clone().subquery("named");
    refused(
        &select(named.typed::<i64>("idd")).from(&named),
        "the subquery 'named' has no column 'idd'; it has id, small",
    );
    accepted(&select((named.typed::<i64>("id"), named.typed::<String>("small"))).from(&named));
    let cte = users.cte("named");
    refused(
        &select(cte.typed::<i64>("idd")).with(&cte),
        "the CTE 'named' has no column 'idd'; it has id, small",
    );
}

#[test]
fn what_an_outer_join_may_leave_out_is_an_option_wherever_it_goes() {
    let joined = |expression: Expr<String>| {
        select(expression).from(table::<User>()).outer_join(table::<Address>(), Address::user_id.eq(User::id))
    };
    let optional = "select it as `.nullable()`";
    refused(&joined(Address::email.expr()), optional);
    refused(&joined(lower(Address::email)), optional);
    refused(&joined(User::name.concat(Address::email)), optional);
    refused(&joined(case(User::id.eq(1), User::name).otherwise(Address::email)), optional);
    refused(&joined(coalesce(Address::email, lower(Address::email))), optional);
    refused(&joined(Address::user_id.cast(SqlType::Text)), optional);
    accepted(&joined(coalesce(Address::email, "none")));
    accepted(&joined(User::name.expr()));
    let truth = |condition: Expr<bool>| {
        select(condition).from(table::<User>()).outer_join(table::<Address>(), Address::user_id.eq(User::id))
    };
    refused(&truth(Address::email.eq("x")), optional);
    refused(&truth(User::id.eq(1) | Address::user_id.in_list([1])), optional);
    accepted(&truth(Address::email.is_null()));
    accepted(&truth(Address::email.is_distinct_from("x")));
    refused(&select(User::id).full_join(table::<Address>(), Address::user_id.eq(User::id)), optional);

    let inner = select((User::id, Address::email.nullable()))
        .outer_join(table::<Address>(), Address::user_id.eq(User::id));
    let (sub, cte) = (inner.clone().subquery("both"), inner.cte("both"));
    refused(&select(sub.typed::<String>("email")).from(&sub), optional);
    refused(&select(upper(cte.typed::<String>("email"))).with(&cte), optional);
    accepted(&select((sub.typed::<i64>("id"), sub.typed::<Option<String>>("email"))).from(&sub));
    // The tables of the query around it are none of the inner one's.
    let on = sub.typed::<i64>("id").eq(User::id);
    accepted(&select((User::id, sub.typed::<i64>("id"))).from(table::<User>()).join(&sub, on));
}
