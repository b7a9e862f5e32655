package reference

// documentedExamples are the requests and answers in the two documents. The first answer is
// without the document's superfluous comma before the bracket.
var documentedExamples = []struct{ operation, comment, sha1, answer string }{
	{"stopAndQuarantineFile", "Stop and quarantine file on machine due to alert 32123",
		"87662bc3d60e4200ceaf7aae249d1c343f4b83c9", `{
    "@odata.context": "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity",
    "id": "6f1d364c-680c-499a-b30c-dd9265ad4c9d",
    "sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9",
    "type": "StopAndQuarantineFile",
    "requestor": "Analyst@contoso.com ",
    "requestorComment": " Stop and quarantine file on machine due to alert 32123",
    "status": "InProgress",
    "fileId": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9",
    "machineId": "f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f",
    "creationDateTimeUtc": "2017-12-04T13:13:26.2106524Z",
    "lastUpdateDateTimeUtc": "2017-12-04T13:13:58.8098277Z",
    "fileInstances": [
        {
            "filePath": "C:\\Users\\ testUser \\Downloads\\elma.exe",
            "status": "InProgress"
        },
        {
            "filePath": "C:\\Users\\testUser\\AppData\\Local\\Packages\\Microsoft.MicrosoftEdge_8wekyb3d8bbwe\\TempState\\Downloads\\elma (2).exe.xc9q785.partial",
            "status": "InProgress"
        }
    ]
 }`},
	{"requestSample", "Request Sample on machine due to alert 32123", "8d25682b3a82af25b42dc90291c35ff3293daa68", `{
    "@odata.context": "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity",
    "id": "c083f601-012f-4955-b4cc-fab50fb69d79",
    "sha1": "8d25682b3a82af25b42dc90291c35ff3293daa68",
    "type": "RequestSample",
    "requestor": "Analyst@contoso.com ",
    "requestorComment": "test",
    "status": "InProgress",
    "fileId": "8d25682b3a82af25b42dc90291c35ff3293daa68",
    "machineId": "f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f",
    "creationDateTimeUtc": "2017-12-04T13:39:24.9399004Z",
    "lastUpdateDateTimeUtc": "2017-12-04T13:39:24.9399004Z",
    "fileInstances": [
        {
            "filePath": "C:\\Windows\\System32\\conhost.exe",
            "status": "InProgress"
        }
    ] 
}`},
}
