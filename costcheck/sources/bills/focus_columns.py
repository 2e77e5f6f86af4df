"""Where FOCUS 1.0 to 1.4 and CUR 2.0 keep what is read, by column name.

FOCUS: https://focus.finops.org/focus-specification/ (1.3 added ServiceProviderName, 1.4 took ProviderName and
PublisherName away; SkuMeter and SkuPriceDetails came with 1.1, ServiceSubcategory too), read 2026-11-26.
CUR 2.0: https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html, read 2026-11-26.
Columns of `x_` are the writers' own: AWS's usage type, and those that `costcheck bill export` writes.
"""

from costcheck.sources.bills.cur import DISCOUNTS
from costcheck.sources.exports.cost_lines import LineColumns

FOCUS = LineColumns(
    texts={
        "category": ("ChargeCategory",),
        "charge_class": ("ChargeClass",),
        "service_category": ("ServiceCategory",),
        "service_subcategory": ("ServiceSubcategory",),
        "service": ("ServiceName",),
        "sub_account": ("SubAccountId",),
        "currency": ("BillingCurrency",),
        "consumed_unit": ("ConsumedUnit",),
        "pricing_unit": ("PricingUnit",),
        "meter": ("SkuMeter", "x_SkuMeterName", "ChargeDescription"),
        "usage_type": ("x_UsageType", "SkuMeter"),
        "sku": ("SkuId",),
        "details": ("SkuPriceDetails", "x_SkuDetails"),
        "tags": ("Tags",),
        "model": ("x_GenAiRequestModel",),
        "token_type": ("x_TokenType",),
        "tier": ("x_ServiceTier",),
        "operation": ("x_Operation",),  # AWS writes another thing there, and never a model
    },
    either={"provider": ("ServiceProviderName", "ProviderName", "PublisherName")},
    start=("ChargePeriodStart",),
    end=("ChargePeriodEnd",),
    billing_start=("BillingPeriodStart",),
    billed=("BilledCost",),
    effective=("EffectiveCost",),
    listed=("ListCost",),
    consumed=("ConsumedQuantity",),
    priced=("PricingQuantity",),
)
CUR = LineColumns(
    texts={
        "category": ("line_item_line_item_type",),
        "provider": ("bill_billing_entity",),
        "service_category": (),
        "service_subcategory": (),
        "sub_account": ("line_item_usage_account_id",),
        "currency": ("line_item_currency_code",),
        "consumed_unit": ("pricing_unit",),
        "pricing_unit": (),
        "meter": ("line_item_usage_type",),
        "usage_type": ("line_item_usage_type",),
        "tags": ("resource_tags",),
    },
    # A Marketplace product's code is a random text; its name, and so the model's, stands in the map of the product.
    either={"service": ("product.product_name", "product_product_name", "line_item_product_code")},
    start=("line_item_usage_start_date",),
    end=("line_item_usage_end_date",),
    billing_start=("bill_billing_period_start_date",),
    billed=("line_item_unblended_cost",),
    net=("line_item_net_unblended_cost",),
    discounts=DISCOUNTS,
    listed=("pricing_public_on_demand_cost",),
    consumed=("line_item_usage_amount",),
)
