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
    pub(crate) no_key_update: &'static str,
    pub(crate) share: &'static str,
    pub(crate) key_share: &'static str,
    /// Whether only the rows of some sources can be locked.
    pub(crate) of: bool,
}

/// What only some databases have in SELECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SelectWords {
    /// `INTERSECT ALL`, `EXCEPT ALL`.
    pub(crate) combined_all: bool,
    /// `FETCH FIRST … ROWS WITH TIES`.
    pub(crate) ties: bool,
    /// `> ANY (SELECT …)`.
    pub(crate) quantified: bool,
    pub(crate) rollup: Rollup,
    /// `CUBE`, `GROUPING SETS`.
    pub(crate) grouping_sets: bool,
    pub(crate) within_group: bool,
    pub(crate) table_sample: bool,
    /// Frames of groups, and rows left out of a frame.
    pub(crate) frame_groups: bool,
    pub(crate) values: ValuesIn,
    /// Functions in FROM; and whether their columns can be named.
    pub(crate) table_functions: bool,
    pub(crate) function_columns: bool,
    /// Round the array of [`json_rows`](crate::sql::json_rows).
    pub(crate) json_rows: [&'static str; 2],
}

/// How groups are rolled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rollup {
    None,
    /// `GROUP BY ROLLUP (a, b)`
    Function,
    /// `GROUP BY a, b WITH ROLLUP`
    Behind,
}

/// How rows of values stand in FROM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValuesIn {
    /// `(VALUES (…), (…)) AS v (a, b)`
    Values,
    /// `(SELECT … AS a, … AS b UNION ALL VALUES (…)) AS v`
    FirstThenValues,
    /// `(SELECT … AS a, … AS b UNION ALL SELECT …) AS v`
    Selects,
}

pub(crate) const SQLITE_SELECT: SelectWords = SelectWords {
    combined_all: false,
    ties: false,
    quantified: false,
    rollup: Rollup::None,
    grouping_sets: false,
    within_group: false,
    table_sample: false,
    frame_groups: true,
    values: ValuesIn::FirstThenValues,
    table_functions: true,
    function_columns: false,
    json_rows: ["json_each(", ")"],
};

pub(crate) const MYSQL_SELECT: SelectWords = SelectWords {
    combined_all: true,
    ties: false,
    quantified: true,
    rollup: Rollup::Behind,
    grouping_sets: false,
    within_group: false,
    table_sample: false,
    frame_groups: false,
    values: ValuesIn::Selects,
    table_functions: false,
    function_columns: false,
    json_rows: ["json_table(", ", '$[*]' COLUMNS (`value` LONGTEXT PATH '$'))"],
};

pub(crate) const MARIADB_SELECT: SelectWords = SelectWords { ties: true, ..MYSQL_SELECT };

pub(crate) const POSTGRESQL_SELECT: SelectWords = SelectWords {
    combined_all: true,
    ties: true,
    quantified: true,
    rollup: Rollup::Function,
    grouping_sets: true,
    within_group: true,
    table_sample: true,
    frame_groups: true,
    values: ValuesIn::Values,
    table_functions: true,
    function_columns: true,
    json_rows: ["jsonb_array_elements_text(CAST(", " AS JSONB))"],
};

/// Which statements can return rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Returning {
    pub(crate) insert: bool,
    pub(crate) update: bool,
    pub(crate) delete: bool,
}
