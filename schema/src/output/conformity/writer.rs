//! Random documents over the schema of the objects.

use std::fmt::Write as _;

/// A xorshift generator with a fixed seed, so that each run has the same documents.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % count
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let at = self.below(all.len());
        &all[at]
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

/// The fields of a type: name with arguments, and the type of the field if it has fields.
fn fields(ty: &str) -> &'static [(&'static str, &'static str)] {
    match ty {
        "Plain" => &[("number", ""), ("text", ""), ("tags", ""), ("color", ""), ("inner", "Inner")],
        "Inner" => &[("a", ""), ("mixeds", "Mixed")],
        "Pair" => &[("left", "Mixed"), ("right", "Mixed")],
        "Mixed" => &[
            ("id", ""),
            ("seed", ""),
            ("maybe", ""),
            ("must", ""),
            ("json", ""),
            ("plain", "Plain"),
            ("plains", "Plain"),
            ("plainOpt", "Plain"),
            ("pair", "Pair"),
            ("onePair", "Pair"),
            ("other", "Other"),
            ("mixeds", "Mixed"),
            ("holes", "Mixed"),
            ("grid", "Mixed"),
            ("thing", "Thing"),
            ("things", "Thing"),
            ("things(first: 2)", "Thing"),
            ("things(first: $n)", "Thing"),
            ("nodes", "Node"),
            ("edge", "Mixed"),
            ("edge(add: 5)", "Mixed"),
            ("edge(add: $n)", "Mixed"),
            ("edgeOpt", "Mixed"),
            ("edges", "Mixed"),
            ("edgeNode", "Node"),
            ("edgeThings", "Thing"),
            ("count", ""),
            ("list", "MixedConnection"),
            ("listNow", "OtherConnection"),
        ],
        "Other" => &[("id", ""), ("value", ""), ("mixed", "Mixed")],
        "Node" => &[("id", "")],
        "MixedConnection" => {
            &[("nodes", "Mixed"), ("edges", "MixedEdge"), ("totalCount", ""), ("pageInfo", "PageInfo")]
        }
        "OtherConnection" => {
            &[("nodes", "Other"), ("edges", "OtherEdge"), ("totalCount", ""), ("pageInfo", "PageInfo")]
        }
        "MixedEdge" => &[("node", "Mixed"), ("cursor", "")],
        "OtherEdge" => &[("node", "Other"), ("cursor", "")],
        "PageInfo" => &[("hasNextPage", ""), ("hasPreviousPage", ""), ("startCursor", ""), ("endCursor", "")],
        _ => &[],
    }
}

/// The type conditions of fragments in a selection of a type.
fn conditions(ty: &str) -> &'static [&'static str] {
    match ty {
        "Plain" => &["Plain"],
        "Mixed" => &["Mixed", "Node"],
        "Other" => &["Other", "Node"],
        "Thing" => &["Plain", "Mixed", "Other", "Node", "Thing"],
        "Node" => &["Mixed", "Other", "Node"],
        _ => &[],
    }
}

pub(super) struct Writer {
    random: Random,
    /// Bodies of named fragments; their names are their positions.
    fragments: Vec<String>,
    aliases: usize,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { random: Random(0x9E37_79B9_7F4A_7C15), fragments: Vec::new(), aliases: 0 }
    }

    fn directive(&mut self) -> &'static str {
        match self.random.below(24) {
            0 => " @skip(if: $yes)",
            1 => " @skip(if: $no)",
            2 => " @include(if: $yes)",
            3 => " @include(if: $no)",
            4 => " @include(if: true)",
            5 => " @skip(if: false)",
            _ => "",
        }
    }

    /// The selection of a field. With more than 30 fields the library may report another one of several errors first,
    /// so there are fewer.
    fn selection(&mut self, ty: &str, depth: usize) -> String {
        self.set(ty, depth, &mut 25)
    }

    fn set(&mut self, ty: &str, depth: usize, left: &mut usize) -> String {
        let mut text = String::from("{ ");
        // A selection must not be empty.
        if fields(ty).is_empty() || self.random.chance(5) {
            let alias = if self.random.chance(3) { "kind: " } else { "" };
            let _ = writeln!(text, "{alias}__typename");
        }
        if *left < 8 {
            return text + "__typename }";
        }
        *left -= 1;
        for _ in 0..=self.random.below(4) {
            text += &self.one(ty, depth, left);
        }
        text + "}"
    }

    fn one(&mut self, ty: &str, depth: usize, left: &mut usize) -> String {
        *left = left.saturating_sub(1);
        if *left < 4 {
            return String::new();
        }
        if self.random.chance(4) || fields(ty).is_empty() {
            return self.fragment(ty, depth, left);
        }
        let (field, of) = *self.random.pick(fields(ty));
        if !of.is_empty() && depth == 0 {
            return "__typename\n".to_owned();
        }
        // A field without a new alias may occur twice and is merged. A field with arguments needs its own alias.
        let alias = if field.contains('(') || self.random.chance(4) {
            self.aliases += 1;
            format!("a{}: ", self.aliases)
        } else {
            String::new()
        };
        let directive = self.directive();
        let nested = if of.is_empty() { String::new() } else { self.selection(of, depth - 1) };
        format!("{alias}{field}{directive} {nested}\n")
    }

    fn fragment(&mut self, ty: &str, depth: usize, left: &mut usize) -> String {
        if depth == 0 {
            return "__typename\n".to_owned();
        }
        let directive = self.directive();
        let condition = if conditions(ty).is_empty() || self.random.chance(4) {
            None
        } else {
            Some(*self.random.pick(conditions(ty)))
        };
        let on = condition.unwrap_or(ty);
        let body = self.set(on, depth - 1, left);
        match condition {
            Some(condition) if self.random.chance(2) => {
                self.fragments.push(format!("on {condition} {body}"));
                format!("...F{}{directive}\n", self.fragments.len() - 1)
            }
            Some(condition) => format!("... on {condition}{directive} {body}\n"),
            None => format!("...{directive} {body}\n"),
        }
    }

    pub(super) fn document(&mut self) -> String {
        self.fragments.clear();
        self.aliases = 0;
        let seed = self.random.below(1_000_000);
        let (root, ty) = *self.random.pick(&[
            ("mixed", "Mixed"),
            ("mixedOpt", "Mixed"),
            ("node", "Node"),
            ("things", "Thing"),
            ("list", "MixedConnection"),
        ]);
        let body = self.selection(ty, 5);
        let second = self.selection("Mixed", 3);
        let mut text = format!(
            "query($yes: Boolean!, $no: Boolean!, $n: Int) {{ u: mixedOpt(seed: 1) @include(if: $yes) {{ a: things(first: $n) {{ __typename }} b: id @skip(if: $no) }} {root}(seed: {seed}) {body} second: mixedOpt(seed: {}) {second} }}",
            seed + 1
        );
        for (number, fragment) in self.fragments.iter().enumerate() {
            let _ = write!(text, "\nfragment F{number} {fragment}");
        }
        text
    }
}
