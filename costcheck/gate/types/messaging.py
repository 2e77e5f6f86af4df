"""SQS, SNS, SES: paid by message."""

from costcheck.gate.estimate import Estimate
from costcheck.gate.types.lines import by_use, listed, only_by_use
from costcheck.gate.view import UnpriceableError, View

QUEUES = {
    False: ("Requests-RBP", "Requests-Tier1", "Standard"),
    True: ("Requests-FIFO-RBP", "Requests-FIFO-Tier1", "FIFO (first-in, first-out)"),
}
"""Whether a queue keeps order, to its usage type in us-east-1, that of other regions, and its `queueType`."""
PUBLISHED = listed("AmazonSNS", "Requests-Tier1", "Requests", group="SNS-Requests-Tier1")
FREE_PROTOCOLS = {"sqs", "lambda"}
DELIVERIES = {"http": "HTTP", "https": "HTTP", "email": "SMTP", "email-json": "SMTP", "firehose": "FIREHOSE"}
EMAILS = listed(
    "AmazonSES",
    "Recipients",
    "Emails",
    "Recipients",
    "Count",
    "Recipient",
    productFamily="Sending Email",
    operation="Send",
)


def queue(view: View) -> Estimate:
    """Return a queue, by its requests; an ordered one costs more and must say so."""
    usage, elsewhere, kind = QUEUES[view.flag("fifoQueue", default=False)]
    meter = listed(
        "AWSQueueService",
        usage,
        "Requests",
        spellings=(elsewhere,),
        group="SQS-APIRequest-Tier1",
        queueType=kind,
    )
    return Estimate(components=(by_use("queue requests", meter),))


def topic(view: View) -> Estimate:
    """Return a topic, by what is published."""
    if view.flag("fifoTopic", default=False):
        message = "no price of a topic that keeps order is built in"
        raise UnpriceableError(message)
    return Estimate(components=(by_use("messages published", PUBLISHED),))


def subscription(view: View) -> Estimate:
    """Return a subscription, by its deliveries; to queues and functions they are free."""
    protocol = view.text("protocol")
    if protocol in FREE_PROTOCOLS:
        return Estimate()
    if protocol not in DELIVERIES:
        message = f"what a delivery by {protocol[:60]!r} costs depends on the receiver"
        raise UnpriceableError(message)
    usage = f"DeliveryAttempts-{DELIVERIES[protocol]}"
    meter = listed("AmazonSNS", usage, "Notifications", productFamily="Message Delivery")
    return Estimate(components=(by_use(f"deliveries by {protocol}", meter),))


SENT = only_by_use(by_use("recipients of e-mails", EMAILS))
PRICED = {
    "aws:sqs/queue:Queue": queue,
    "aws:sns/topic:Topic": topic,
    "aws:sns/topicSubscription:TopicSubscription": subscription,
    "aws:ses/domainIdentity:DomainIdentity": SENT,
    "aws:ses/emailIdentity:EmailIdentity": SENT,
    "aws:sesv2/emailIdentity:EmailIdentity": SENT,
}
