//! What databases say differently in statements.

/// How two texts become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concatenation {
    /// `a || b`
    Pipes,
    /// `concat(a, b)`
    Function,
}

/// How values are compared so that two NULLs are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NullSafe {
    /// `a IS b`
    Is,
    /// `a <=> b`
    Arrow,
    /// `a IS NOT DISTINCT FROM b`
    Distinct,
}

/// How a row that is there already is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upsert {
    /// `ON CONFLICT (…) DO UPDATE SET …`
    OnConflict,
    /// `ON DUPLICATE KEY UPDATE …`
    OnDuplicateKey,
}

/// How the texts of several rows become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinTexts {
    /// `group_concat(a, ',' ORDER BY …)`
    GroupConcat,
    /// `group_concat(a ORDER BY … SEPARATOR ',')`
    GroupConcatSeparator,
    /// `string_agg(a, ',' ORDER BY …)`
    StringAgg,
}

/// What USING of a DELETE names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeleteUsing {
    /// There is none.
    None,
    /// The sources beside the table.
    Others,
    /// The table as well.
    All,
}

/// The words that lock rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowLocks {
    pub(crate) update: &'static str,
    pub(crate) share: &'static str,
}

/// Which statements can return rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Returning {
    pub(crate) insert: bool,
    pub(crate) update: bool,
    pub(crate) delete: bool,
}
