# Reads the body of a push with OpenTelemetry's own protobufs, and prints it as JSON; or writes an answer that takes all
# but some points.
import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service

if sys.argv[1:] == ["request"]:
    body = sys.stdin.buffer.read()
    request = service.ExportMetricsServiceRequest.FromString(body)
    request.DiscardUnknownFields()
    assert request.SerializeToString() == body, "there is more in it than the protocol knows, or in another order"
    print(json.dumps(json_format.MessageToDict(request)))
else:
    count, why = sys.argv[1:]
    answer = service.ExportMetricsServiceResponse()
    answer.partial_success.rejected_data_points = int(count)
    answer.partial_success.error_message = why
    sys.stdout.buffer.write(answer.SerializeToString())
