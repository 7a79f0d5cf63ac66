//! Every finding that a red-letter application can raise, in one table.
//!
//! A code is for ever: the trail, the policies and people's habits refer to it. To add a finding,
//! add a line here, raise it in a check, and add the case that raises it in
//! `tests/it/red_letter/cases.rs`; the README's table is written from here. Texts name rules and
//! fields, never what was in them.

use crate::codes::codes;

codes! {
    "RLI-"

    // Parties and check digits.
    TaxIdMissing "RLI-ID-001" Return
        "未填写纳税人识别号，请补填"
        "the tax id is missing"
    TaxIdLength "RLI-ID-002" Return
        "纳税人识别号应为15、17、18或20位，请核对"
        "a tax id has 15, 17, 18 or 20 characters"
    TaxIdCharacter "RLI-ID-003" Return
        "纳税人识别号或身份证号码含有不允许的字符，请核对"
        "the id holds a character that its form does not allow"
    CreditCodeCheck "RLI-ID-004" Return
        "统一社会信用代码校验码不符，请核对"
        "the check character of the unified social credit code does not fit"
    OrganisationCheck "RLI-ID-005" Review
        "识别号中的组织机构代码校验码不符，请人工核实登记信息"
        "the organisation code inside the id does not fit its check character"
    ResidentCheck "RLI-ID-006" Return
        "居民身份证号码校验码不符，请核对"
        "the check character of the resident identity number does not fit"
    BirthDate "RLI-ID-007" Return
        "证件号码中的出生日期不存在或晚于申请日期，请核对"
        "the birth date in the id does not exist or lies after the day of application"
    OldForm "RLI-ID-008" Note
        "纳税人识别号为旧式号码（15位或17位），无法校验"
        "the tax id is of a form from before 2015 and cannot be fully checked"
    NameMissing "RLI-ID-009" Return
        "未填写名称（姓名），请补填"
        "the name is missing"
    OrganisationWithoutTaxId "RLI-ID-010" Return
        "购买方为单位的，应当填写纳税人识别号或统一社会信用代码"
        "a buyer that is an organisation must give its tax id"
    SellerIsBuyer "RLI-ID-011" Return
        "销售方与购买方为同一纳税人，请核对"
        "seller and buyer are the same taxpayer"

    // Numbers, dates, currency, rules of the day.
    ApplicationNumber "RLI-NUM-001" Review
        "申请单编号格式异常，请人工核实"
        "the application number has no known form"
    BlueCode "RLI-NUM-002" Return
        "蓝字发票代码应为10位或12位数字，请核对"
        "the code of a legacy invoice has 10 or 12 digits"
    BlueNumber "RLI-NUM-003" Return
        "蓝字发票号码有误：数电票应为20位数字，其他发票应为8位数字并填写发票代码"
        "a digital invoice number has 20 digits, that of a legacy invoice 8 beside its code"
    BlueAfterApplication "RLI-NUM-004" Return
        "蓝字发票开票日期晚于申请日期，请更正"
        "the blue invoice was issued after the day of application"
    AppliedInFuture "RLI-NUM-005" Return
        "申请日期晚于今天，请更正"
        "the day of application lies after today"
    Currency "RLI-CUR-001" Return
        "金额币种应为人民币，请更正"
        "the currency of all amounts must be CNY"
    BlueCurrency "RLI-CUR-002" Review
        "蓝字发票的币种与申请的币种不一致，请人工核实"
        "the blue invoice is in another currency than the application"
    RulesUnknown "RLI-RULE-001" Review
        "申请日期没有已确认的红字发票规则记录，请人工审核"
        "no confirmed dated row holds the rules of the day of application"

    // Lines.
    LineCount "RLI-LINE-001" Return
        "红冲明细行应为1至100行"
        "a reversal has 1 to 100 lines"
    LineTwice "RLI-LINE-002" Return
        "同一蓝字发票明细行不得在一份申请中重复红冲，请合并填写"
        "a line of the blue invoice is reversed twice in one application"
    ItemName "RLI-LINE-003" Return
        "未填写货物或应税劳务、服务名称"
        "the item name is missing"
    ItemCode "RLI-LINE-004" Return
        "税收分类编码应为19位数字且首位为1至6，请核对"
        "an item code has 19 digits and begins with 1 to 6"
    RateForm "RLI-LINE-005" Return
        "税率（征收率）格式有误，请按小数填写，如0.13"
        "the rate is no decimal from 0 to below 1, and none of the words in its place"

    // Arithmetic.
    NetSign "RLI-SUM-001" Return
        "红冲金额应当为负数"
        "the net amount of a reversal is below zero"
    TaxSign "RLI-SUM-002" Return
        "红冲税额不得为正数"
        "the tax of a reversal is not above zero"
    QuantityForm "RLI-SUM-003" Return
        "数量格式有误：应为负数，最多13位小数"
        "the quantity of a reversal is a negative decimal with at most 13 decimals"
    PriceForm "RLI-SUM-004" Return
        "单价格式有误：应为正数，最多10位小数"
        "the unit price is a positive decimal with at most 10 decimals"
    QuantityWithoutPrice "RLI-SUM-005" Return
        "数量与单价应当同时填写或同时不填"
        "quantity and unit price come together or not at all"
    NetMismatch "RLI-SUM-006" Return
        "数量乘以单价与金额的差额超过允许误差"
        "quantity times unit price differs from the net amount by more than is allowed"
    TaxMismatch "RLI-SUM-007" Return
        "金额乘以税率与税额的差额超过允许误差"
        "net amount times rate differs from the tax by more than is allowed"
    TaxOnExempt "RLI-SUM-008" Return
        "免税或不征税项目的税额应当为零"
        "an exempt or untaxed line bears no tax"
    TotalNet "RLI-SUM-009" Return
        "合计金额不等于各行金额之和"
        "the net total is not the sum of the lines"
    TotalTax "RLI-SUM-010" Return
        "合计税额不等于各行税额之和"
        "the tax total is not the sum of the lines"
    TotalGross "RLI-SUM-011" Return
        "价税合计不等于合计金额与合计税额之和"
        "the gross total is not net plus tax"
    FullTaxMismatch "RLI-SUM-012" Return
        "全额红冲时金额乘以税率与税额的差额超过允许误差"
        "in a full reversal net amount times rate differs from the tax by more than is allowed"

    // The reason and what it allows.
    AllowanceWithQuantity "RLI-RSN-001" Return
        "销售折让只能冲减金额，数量和单价应当为空"
        "a sales allowance reverses amounts only: quantity and unit price stay blank"
    ReturnOfServices "RLI-RSN-002" Return
        "红冲项目全部为服务的，红冲原因不得选择销货退回"
        "services cannot be returned as goods"
    StoppedGoods "RLI-RSN-003" Return
        "红冲项目全部为货物或劳务的，红冲原因不得选择服务中止"
        "goods and labour cannot be a stopped service"
    MistakeNotInFull "RLI-RSN-004" Return
        "因开票有误红冲的，应当全额红冲"
        "an issuing mistake is reversed in full only"
    MistakeAfterPartial "RLI-RSN-005" Return
        "蓝字发票已部分红冲，红冲原因不得选择开票有误"
        "an invoice that was partly reversed cannot be reversed as an issuing mistake"
    ReturnWithoutQuantity "RLI-RSN-006" Return
        "蓝字发票有数量的，销货退回应当按数量红冲"
        "a return of goods names quantities where the blue invoice has them"
    PriceChanged "RLI-RSN-007" Return
        "单价应当与蓝字发票一致，不得修改"
        "the unit price is not that of the blue invoice"
    MarginNotInFull "RLI-RSN-008" Return
        "差额征税的蓝字发票只能全额红冲"
        "an invoice taxed on the margin is reversed in full only"
    BlueItemCodeMissing "RLI-RSN-009" Review
        "蓝字发票明细行没有税收分类编码，无法判断红冲原因是否适用，请人工核实"
        "a line of the blue invoice bears no item code: whether the reason fits cannot be told"
    RemarkLength "RLI-RMK-001" Return
        "备注不得超过200个字"
        "the remark has at most 200 characters"
    RemarkCharacter "RLI-RMK-002" Return
        "备注含有控制字符，请删除后重新填写"
        "the remark holds control characters"

    // The blue invoice, as the upstream holds it.
    BlueUnknown "RLI-BLU-001" Return
        "未查询到该蓝字发票，请核对发票代码、号码"
        "the blue invoice does not exist"
    BlueVoided "RLI-BLU-002" Return
        "蓝字发票已作废，无需红冲"
        "the blue invoice was voided"
    BlueReversed "RLI-BLU-003" Return
        "蓝字发票已全额红冲，没有可红冲的金额"
        "the blue invoice was fully reversed: nothing is left"
    BlueDate "RLI-BLU-004" Return
        "开票日期与蓝字发票不一致，请更正"
        "the date of issue is not that of the blue invoice"
    BlueSeller "RLI-BLU-005" Return
        "销售方与蓝字发票不一致，请核对"
        "the seller is not that of the blue invoice"
    BlueBuyer "RLI-BLU-006" Return
        "购买方与蓝字发票不一致，请核对"
        "the buyer is not that of the blue invoice"
    NotApplicants "RLI-BLU-007" Return
        "申请人不是该蓝字发票的开具方、购买方或委托代开人，不得申请红冲"
        "the applicant is not the side that applies, nor the one the bureau issued the invoice for"
    BuyerMayNotStart "RLI-BLU-008" Return
        "蓝字发票未作用途确认且未作入账确认，应当由销售方发起红冲"
        "neither use nor booking of the blue invoice is confirmed: only its issuer starts"

    // What is left to reverse.
    LineUnknown "RLI-REM-001" Return
        "蓝字发票没有该明细行，请核对行号"
        "the blue invoice has no such line"
    LineIsDiscount "RLI-REM-002" Return
        "折扣行应当与被折扣行合并红冲，不得单独红冲"
        "a discount line is reversed together with the line it discounts"
    LineItemName "RLI-REM-003" Return
        "项目名称与蓝字发票明细行不一致"
        "the item name is not that of the blue line"
    LineItemCode "RLI-REM-004" Return
        "税收分类编码与蓝字发票明细行不一致"
        "the item code is not that of the blue line"
    LineRate "RLI-REM-005" Return
        "税率（征收率）与蓝字发票明细行不一致"
        "the rate is not that of the blue line"
    NetOver "RLI-REM-006" Return
        "红冲金额超过该行剩余可红冲金额"
        "more is reversed than is left of the line's net amount"
    TaxOver "RLI-REM-007" Return
        "红冲税额超过该行剩余可红冲税额"
        "more is reversed than is left of the line's tax"
    QuantityOver "RLI-REM-008" Return
        "红冲数量超过该行剩余可红冲数量"
        "more is reversed than is left of the line's quantity"
    RestDisagrees "RLI-REM-009" Return
        "剩余金额与剩余税额应当同时冲完，请核对该行金额和税额"
        "all that is left of the amount and of the tax must be reversed together"
    QuantityNotOnBlue "RLI-REM-010" Return
        "蓝字发票明细行没有数量，红冲时不得填写数量"
        "the blue line has no quantity to reverse"
    Reserved "RLI-REM-011" Review
        "扣除其他未完结的红字发票信息确认单后可红冲余额不足，请人工核实"
        "other open confirmation forms hold what this one would reverse"

    // Where the application stands.
    AlreadyDone "RLI-UPS-001" Review
        "上游系统显示该申请已办结，请人工核实"
        "the upstream reports the application as done"
    AlreadyReturned "RLI-UPS-002" Review
        "上游系统显示该申请已退回，请人工核实"
        "the upstream reports the application as returned"
    ApplicationWithdrawn "RLI-UPS-003" Review
        "上游系统显示申请人已撤回该申请，请人工核实"
        "the upstream reports that the applicant withdrew the application"
    UnknownUpstream "RLI-UPS-004" Review
        "上游系统查无此申请，请人工核实"
        "the upstream does not know the application"
    NotAsFiled "RLI-UPS-005" Review
        "待办事项与上游系统登记的申请不一致，请人工核实"
        "the item is not what the upstream holds as the application under its number"

    // How the form ended.
    RefusedByBuyer "RLI-FORM-001" Return
        "购买方已否认红字发票信息确认单，请与购买方协商一致后重新申请"
        "the buyer refused the confirmation form"
    RefusedBySeller "RLI-FORM-002" Return
        "销售方已否认红字发票信息确认单，请与销售方协商一致后重新申请"
        "the seller refused the confirmation form"
    FormLapsed "RLI-FORM-003" Return
        "对方未在规定时限内确认，红字发票信息确认单已自动作废，请与对方沟通后重新申请"
        "the other side did not confirm the form in time: it lapsed"
    FormWithdrawn "RLI-FORM-004" Return
        "红字发票信息确认单已由发起方撤销，如需红冲请重新申请"
        "the confirmation form was withdrawn by its starter"
    FormWithdrawnAfterConfirmation "RLI-FORM-005" Return
        "红字发票信息确认单在双方确认后被撤销，如需红冲请重新申请"
        "the confirmation form was withdrawn after both sides had confirmed it"
    FormAbnormal "RLI-FORM-006" Review
        "红字发票信息确认单因异常凭证作废，请人工核实"
        "the confirmation form was voided for an abnormal voucher"
    FormVanished "RLI-FORM-007" Review
        "上游系统查无本申请已录入的红字发票信息确认单，请人工核实"
        "the upstream no longer holds the confirmation form that was entered for this application"
    SecondForm "RLI-FORM-008" Review
        "录入期间出现另一份内容相同的红字发票信息确认单，请人工核实是否重复"
        "another confirmation form of the same content appeared meanwhile"

    // The tax of an agent-issued invoice.
    ReceiptMissing "RLI-STL-001" Review
        "代开发票对应的完税凭证未查询到，请人工核实"
        "the tax receipt of the agent-issued invoice does not exist"
    ReceiptPayer "RLI-STL-002" Review
        "完税凭证的缴款人与委托代开人不一致，请人工核实"
        "the payer on the tax receipt is not the one the bureau issued the invoice for"
    TaxShort "RLI-STL-003" Review
        "完税凭证可退抵的税款少于红冲税额，请人工核实"
        "less tax is left on the receipt than is reversed"
    SettlementMissing "RLI-STL-004" Return
        "红冲代开发票涉及已缴税款，请选择退税或抵缴"
        "the tax was paid: a refund or an offset must be chosen"
    SettlementNotNeeded "RLI-STL-005" Note
        "本次红冲不涉及代开已缴税款，无需退税或抵缴"
        "no tax was paid through the bureau: nothing is refunded or set off"
}
