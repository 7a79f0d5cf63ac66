//! Comparing names as people write them.

/// Whether two names are the same but for blanks, the width of brackets, and a middle dot.
pub(crate) fn same(a: &str, b: &str) -> bool {
    plain(a).eq(plain(b))
}

fn plain(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '（' => '(',
            '）' => ')',
            '•' | '・' | '．' => '·',
            c => c.to_ascii_uppercase(),
        })
}

/// Endings of names that only organisations bear. A natural person's name is rarely longer than
/// four characters, so the short endings count from five on.
const LONG_ENDINGS: [&str; 14] = [
    "公司",
    "集团",
    "委员会",
    "合作社",
    "事务所",
    "研究院",
    "医院",
    "学校",
    "大学",
    "中心",
    "工作室",
    "经营部",
    "商行",
    "银行",
];
const SHORT_ENDINGS: [&str; 12] = [
    "厂", "店", "局", "部", "所", "院", "会", "社", "站", "馆", "队", "处",
];

/// Whether a name is that of an organisation.
pub(crate) fn is_organisation(name: &str) -> bool {
    let name = name.trim();
    LONG_ENDINGS.iter().any(|ending| name.ends_with(ending))
        || (name.chars().count() >= 5 && SHORT_ENDINGS.iter().any(|ending| name.ends_with(ending)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_blanks_do_not_tell_names_apart() {
        assert!(same("示例（深圳）有限公司", "示例(深圳) 有限公司"));
        assert!(!same("示例（深圳）有限公司", "示例（广州）有限公司"));
        assert!(!same("张三", "张三丰"));
    }

    #[test]
    fn organisations_are_told_by_their_endings() {
        for name in [
            "示例有限公司",
            "某某区税务局",
            "幸福小区业主委员会",
            "老王五金店",
        ] {
            assert!(is_organisation(name), "{name}");
        }
        for name in ["张三", "李会", "欧阳处", "阿卜杜拉·买买提", ""] {
            assert!(!is_organisation(name), "{name}");
        }
    }
}
